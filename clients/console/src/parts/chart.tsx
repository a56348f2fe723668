// A chart over time, with marks where something was done.
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Series {
  label: string;
  /** A CSS variable. */
  color: string;
  format: (value: number) => string;
  fill?: boolean;
  stepped?: boolean;
}

export interface Mark {
  /** Seconds since 1970. */
  at: number;
  label: string;
  tone: "good" | "bad" | "muted";
}

interface Props {
  label: string;
  /** Seconds since 1970, then a list for each series. */
  data: (number | null)[][];
  series: Series[];
  marks?: Mark[];
  /** Charts of one name show one cursor. */
  group?: string;
  height?: number;
  range?: [number, number];
}

const toneColor = { good: "--good", bad: "--bad", muted: "--muted" };

function color(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

const timeOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** A moment as the axis of a plot names it: as exactly as its span wants. */
function clock(at: number, plot: uPlot): string {
  const span = (plot.scales.x!.max ?? 0) - (plot.scales.x!.min ?? 0);
  return (span > 172_800 ? days : span > 600 ? minutes : timeOfDay).format(at * 1000);
}

function drawMarks(plot: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = color(toneColor[mark.tone]);
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(x, bbox.top + 4 * devicePixelRatio, 4 * devicePixelRatio, 0, 7);
    ctx.fill();
  }
  ctx.restore();
}

export function Chart(props: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const marks = useRef<Mark[]>([]);
  const range = useRef(props.range);
  marks.current = props.marks ?? [];
  range.current = props.range;
  const [theme, setTheme] = useState(0);
  const { label, series, group, height = 200 } = props;
  const shape = JSON.stringify(series.map((one) => [one.label, one.color]));

  useEffect(() => {
    const changed = (): void => setTheme((n) => n + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    document.addEventListener("themechange", changed);
    system.addEventListener("change", changed);
    return () => {
      document.removeEventListener("themechange", changed);
      system.removeEventListener("change", changed);
    };
  }, []);

  useEffect(() => {
    const box = host.current!;
    const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const options: uPlot.Options = {
      width: box.clientWidth,
      height,
      cursor: { y: false, ...(group ? { sync: { key: group } } : {}) },
      scales: {
        x: { time: true, range: (_, low, high) => range.current ?? [low, high] },
        y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] },
      },
      axes: [
        { ...axis, font: "11px system-ui", space: 80, values: (plot, times) => times.map((at) => clock(at, plot)) },
        {
          ...axis,
          font: "11px system-ui",
          size: 64,
          values: (_, values) => values.map((value) => series[0]!.format(value)),
        },
      ],
      series: [
        { label: "Time", value: (_, at) => (at === null || at === undefined ? "–" : timeOfDay.format(at * 1000)) },
        ...series.map((one): uPlot.Series => {
          const stroke = color(one.color);
          return {
            label: one.label,
            stroke,
            width: 1.5,
            points: { show: false },
            spanGaps: false,
            value: (_, value) => (value === null || value === undefined ? "–" : one.format(value)),
            ...(one.fill ? { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` } : {}),
            ...(one.stepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
          };
        }),
      ],
      hooks: { draw: [(drawn) => drawMarks(drawn, marks.current)] },
    };
    const made = new uPlot(options, props.data as uPlot.AlignedData, box);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // The data is set below.
  }, [shape, group, height, theme]);

  useEffect(() => {
    plot.current?.setData(props.data as uPlot.AlignedData);
  }, [props.data, props.marks, props.range, theme]);

  return <div className="chart" ref={host} role="img" aria-label={label} />;
}
