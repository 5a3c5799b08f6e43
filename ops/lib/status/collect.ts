/** Asks all collectors at the same time; one that does not answer in time holds up none. */
import type { Collector, Question } from "./collector.ts";
import { messageOf, type Report, type Row, shared, type Source } from "./row.ts";
import { type Declaration, type Lasting, open, type StatusValues } from "./situation.ts";

/** What is asked, and for how long. */
export interface Asked extends Lasting {
  readonly collectors: readonly Collector[];
  /** Only these systems of the stack. */
  readonly systems: readonly string[];
  /** Seconds that each question may take. */
  readonly limit: number;
}

interface Answer {
  readonly source: Source;
  readonly question: Question;
  readonly rows: readonly Row[];
}

/** One look at everything. What fails is a source without an answer. @throws UsageError only if the stack's passphrase is wrong */
export async function collect(declaration: Declaration, values: StatusValues, asked: Asked): Promise<Report> {
  const [begin, now, end] = [performance.now(), new Date(), new AbortController()];
  const situation = open(declaration, values, now, end.signal, asked);
  const wanted = asked.systems;
  try {
    const answers = await Promise.all(
      asked.collectors.flatMap((collector) =>
        collector
          .questions(situation)
          .filter(({ systems }) => systems.length === 0 || systems.some((one) => wanted.includes(one)))
          .map((question) => answerTo(collector, question, asked.limit)),
      ),
    );
    const rows = [...answers.flatMap((one) => one.rows), ...unanswered(answers, declaration.systems)];
    return {
      stack: declaration.name,
      at: now.toISOString(),
      seconds: secondsSince(begin),
      systems: wanted,
      rows: rows.filter(({ system }) => system === shared || wanted.includes(system)).toSorted(byPlace),
      sources: answers.map(({ source }) => source),
    };
  } finally {
    end.abort();
  }
}

async function answerTo({ name, outside }: Collector, question: Question, limit: number): Promise<Answer> {
  const begin = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${limit} s`));
    }, limit * 1000);
  });
  const source = { name, target: question.target, ...(outside === undefined ? {} : { outside }) };
  try {
    const found = await Promise.race([question.ask(), late]);
    const rows = found.map((one): Row => ({ source: name, ...one }));
    return { question, rows, source: { ...source, seconds: secondsSince(begin) } };
  } catch (error) {
    return { question, rows: [], source: { ...source, seconds: secondsSince(begin), problem: messageOf(error) } };
  } finally {
    clearTimeout(timer);
  }
}

/** A row for each place that did not answer, in each system that is concerned; one for all questions that failed alike. */
function unanswered(answers: readonly Answer[], known: readonly string[]): readonly Row[] {
  const failed = answers.flatMap(({ source, question }) =>
    source.problem === undefined
      ? []
      : (question.systems.length === 0 ? [shared] : question.systems).map((system) => ({ system, ...source })),
  );
  const groups = Map.groupBy(failed, ({ system, target, problem }) => JSON.stringify([system, target, problem]));
  return [...groups.values()].flatMap((all): readonly Row[] => {
    const [first] = all;
    if (first === undefined) return [];
    const names = all.map(({ name }) => name);
    const { system, target, problem = "" } = first;
    if (system !== shared && !known.includes(system)) return [];
    const text = `did not say (${names.join(", ")}): ${problem}`;
    return [{ source: names[0] ?? "", system, part: target, state: "unknown", text }];
  });
}

const secondsSince = (begin: number): number => Math.round((performance.now() - begin) / 10) / 100;

function byPlace(a: Row, b: Row): number {
  const [one, other] = [a, b].map(({ system, part, source }) => `${system} ${part} ${source}`) as [string, string];
  return one < other ? -1 : one === other ? 0 : 1;
}
