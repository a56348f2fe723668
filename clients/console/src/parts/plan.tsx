// A plan as EXPLAIN (FORMAT JSON) gives it: its tree, with rows as estimated, corrected and counted.
import { count, milliseconds } from "../format";

interface Node {
  "Node Type": string;
  "Parent Relationship"?: string;
  "Subplan Name"?: string;
  "Relation Name"?: string;
  Alias?: string;
  "Index Name"?: string;
  "Total Cost"?: number;
  "Plan Rows"?: number;
  "Uncorrected Rows"?: number;
  "Actual Rows"?: number;
  "Actual Loops"?: number;
  "Actual Total Time"?: number;
  Plans?: Node[];
  [property: string]: unknown;
}

export interface PlanDocument {
  Plan: Node;
  Planner?: string;
  Restriction?: string;
  "Planning Time"?: number;
  "Execution Time"?: number;
}

export function parsePlan(text: string): PlanDocument | undefined {
  const parsed: PlanDocument[] = JSON.parse(text);
  return parsed[0];
}

interface Line {
  node: Node;
  depth: number;
}

function linesOf(node: Node, depth: number): Line[] {
  return [{ node, depth }, ...(node.Plans ?? []).flatMap((child) => linesOf(child, depth + 1))];
}

const shownElsewhere = /^(Node Type|Parent|Subplan|Relation|Alias|Index Name|Startup|Total Cost|Plan |Uncorrected|Actual|Plans|Scan Direction)/;

function details(node: Node): string {
  return Object.entries(node)
    .filter(([name, value]) => !shownElsewhere.test(name) && typeof value !== "object")
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function title(node: Node): string {
  const index = node["Index Name"] ? ` by ${node["Index Name"]}` : "";
  const relation = node["Relation Name"] ? ` on ${node["Relation Name"]}` : "";
  const alias = node.Alias && node.Alias !== node["Relation Name"] ? ` ${node.Alias}` : "";
  return `${node["Subplan Name"] ? `${node["Subplan Name"]}: ` : ""}${node["Node Type"]}${index}${relation}${alias}`;
}

/** How many times estimate and count differ. */
function factor(estimated: number, actual: number): number {
  const a = Math.max(estimated, 1);
  const b = Math.max(actual, 1);
  return Math.max(a / b, b / a);
}

export function Plan({ plan }: { plan: PlanDocument }): JSX.Element {
  const lines = linesOf(plan.Plan, 0);
  const analyzed = plan.Plan["Actual Rows"] !== undefined;
  const corrected = lines.some(({ node }) => node["Uncorrected Rows"] !== undefined);
  const whole = plan.Plan["Actual Total Time"] ?? 0;
  return (
    <div className="section">
      <p>
        Planner: <strong>{plan.Planner ?? "unknown"}</strong>
        {plan.Restriction && `, restricted: ${plan.Restriction}`}
        {plan["Planning Time"] !== undefined && `, planned in ${milliseconds(plan["Planning Time"])}`}
        {plan["Execution Time"] !== undefined && `, run in ${milliseconds(plan["Execution Time"])}`}
      </p>
      <div className="plan card" tabIndex={0} role="region" aria-label="Plan">
        <table>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Cost</th>
              <th scope="col">{corrected ? "Rows by statistics" : "Rows estimated"}</th>
              {corrected && <th scope="col">corrected</th>}
              {analyzed && <th scope="col">counted</th>}
              {analyzed && <th scope="col">off by</th>}
              {analyzed && <th scope="col">Time</th>}
              {analyzed && <th scope="col">Share</th>}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ node, depth }, i) => {
              const planned = node["Plan Rows"] ?? Number.NaN;
              const actual = node["Actual Rows"] ?? Number.NaN;
              const loops = node["Actual Loops"] ?? 1;
              const time = (node["Actual Total Time"] ?? 0) * loops;
              const off = factor(planned, actual);
              return (
                <tr key={i} title={details(node)}>
                  <td style={{ paddingLeft: 10 + depth * 18 }}>
                    {title(node)}
                    {details(node) && <div className="muted mono">{details(node).split("\n").slice(0, 3).join(" · ")}</div>}
                  </td>
                  <td>{node["Total Cost"]?.toFixed(1)}</td>
                  <td>{count(node["Uncorrected Rows"] ?? planned)}</td>
                  {corrected && <td>{count(planned)}</td>}
                  {analyzed && (
                    <td>
                      {count(actual)}
                      {loops > 1 && ` × ${count(loops)}`}
                    </td>
                  )}
                  {analyzed && <td className={off >= 10 ? "off" : ""}>{off < 1.05 ? "–" : `${off < 10 ? off.toFixed(1) : count(off)}×`}</td>}
                  {analyzed && <td>{milliseconds(time)}</td>}
                  {analyzed && (
                    <td>
                      <meter min={0} max={whole || 1} value={Math.min(time, whole)} aria-label="Share of the time" />
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}
