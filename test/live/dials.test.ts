/** DIALS' stage on the lab's real nodes; production takes as long again (dialsProd). */
import { testLifeCycle } from "./dials/lifeCycle.ts";

testLifeCycle("stage");
