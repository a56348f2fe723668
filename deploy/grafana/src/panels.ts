// The kinds of panel that the dashboards are made of. All queries are PromQL; $job is the dashboard's variable.
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export const DATASOURCE: dashboard.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
const PANEL_HEIGHT = 8;
const STAT_HEIGHT = 4;
const COLUMNS = 24;

export interface Query {
  expr: string;
  // Grafana's legend format, {{label}}.
  legend: string;
}

export interface PanelText {
  title: string;
  // What a reader should make of it.
  description: string;
  // One of @grafana/grafana-foundation-sdk/units.
  unit: string;
}

export interface Limit {
  value: number;
  color: 'green' | 'orange' | 'red';
}

export type Panel = timeseries.PanelBuilder | stat.PanelBuilder | heatmap.PanelBuilder | statetimeline.PanelBuilder;

function target(query: Query, index: number): prometheus.DataqueryBuilder {
  return new prometheus.DataqueryBuilder()
    .expr(query.expr)
    .legendFormat(query.legend)
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .range();
}

function limits(base: Limit['color'], steps: Limit[]): dashboard.ThresholdsConfigBuilder {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...steps]);
}

// Lines over time. `stacked`: parts of a whole.
export function lines(text: PanelText, queries: Query[], options: { stacked?: boolean; max?: number } = {}): Panel {
  const panel = new timeseries.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .datasource(DATASOURCE)
    .height(PANEL_HEIGHT)
    .min(0)
    .lineWidth(1)
    .fillOpacity(options.stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (options.stacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (options.max !== undefined) panel.max(options.max);
  queries.forEach((query, index) => panel.withTarget(target(query, index)));
  return panel;
}

// The last value in large figures. `base` is the colour below the first limit.
export function figure(text: PanelText, query: Query, steps: Limit[] = [], base: Limit['color'] = 'green'): Panel {
  return new stat.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .datasource(DATASOURCE)
    .height(STAT_HEIGHT)
    .graphMode(common.BigValueGraphMode.Area)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(common.BigValueTextMode.Auto)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(limits(base, steps))
    .withTarget(target(query, 0));
}

// The distribution of a histogram over time, from the increase of its buckets by `le`.
export function distribution(text: PanelText, query: Query): Panel {
  return new heatmap.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(DATASOURCE)
    .height(PANEL_HEIGHT)
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(text.unit))
    .showValue(common.VisibilityMode.Never)
    .withTarget(target(query, 0).format(prometheus.PromQueryFormat.Heatmap));
}

// One bar a series, whose colour is its state: `names` says what the values mean.
export function states(
  text: PanelText,
  query: Query,
  names: { value: number; text: string; color: Limit['color'] }[],
): Panel {
  const options: Record<string, dashboard.ValueMappingResult> = {};
  names.forEach((name, index) => {
    options[String(name.value)] = { text: name.text, color: name.color, index };
  });
  return new statetimeline.PanelBuilder()
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .datasource(DATASOURCE)
    .height(PANEL_HEIGHT)
    .mergeValues(true)
    .showValue(common.VisibilityMode.Never)
    .mappings([{ type: dashboard.MappingType.ValueToText, options }])
    .withTarget(target(query, 0));
}

export interface Row {
  title: string;
  panels: Panel[];
}

// A dashboard of rows; the panels of a row share its width.
export function page(uid: string, title: string, description: string, rows: Row[]): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(`adbms-${uid}`)
    .description(description)
    .tags(['adbms'])
    .readonly()
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(
      new dashboard.DashboardLinkBuilder('ADBMS')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['adbms'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new dashboard.QueryVariableBuilder('job')
        .label('Job')
        .datasource(DATASOURCE)
        .query('label_values(adbms_connections, job)')
        .refresh(dashboard.VariableRefresh.OnDashboardLoad),
    )
    .annotation(
      new dashboard.AnnotationQueryBuilder()
        .name('Actions')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor('purple')
        .expr('sum by (module, state) (increase(adbms_actions_total{job="$job"}[$__rate_interval])) > 0'),
    );
  for (const row of rows) {
    builder.withRow(new dashboard.RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel.span(Math.floor(COLUMNS / row.panels.length)));
  }
  return builder.build();
}
