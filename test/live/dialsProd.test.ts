/** DIALS' production on the lab's real nodes. */
import { testLifeCycle } from "./dials/lifeCycle.ts";

testLifeCycle("prod");
