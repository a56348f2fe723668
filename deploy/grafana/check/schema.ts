// Grafana's own types of a dashboard, made strict: what the schema leaves open (options, field configuration and
// queries of a panel) has the type that the panel's plugin gives it. A literal of type Rendered is refused when a
// property is misspelled, missing or of another type. Read by the type checker only.
import type * as sdk from '@grafana/grafana-foundation-sdk/dist/dashboard';
import type * as prometheus from '@grafana/grafana-foundation-sdk/dist/prometheus';
import type { AnnotationQuery, Dashboard, FieldConfig, Panel, RowPanel, VariableModel } from '@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as statetimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// JSON has no enums: the value stands for the member.
type Literal<T> = T extends string
  ? `${T}`
  : T extends (infer Element)[]
    ? Literal<Element>[]
    : T extends object
      ? { [Key in keyof T]: Literal<T[Key]> }
      : T;

interface Typed<Type extends string, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Type;
  options: Partial<Options>;
  fieldConfig?: {
    defaults: Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> };
    overrides: [];
  };
  targets: (Omit<prometheus.dataquery, '_implementsDataqueryVariant' | 'dataqueryName'> & { refId: string })[];
}

type AnyPanel =
  | Typed<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Typed<'stat', stat.Options, Record<string, never>>
  | Typed<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Typed<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | RowPanel;

// The schema has no property for the query of a Prometheus annotation nor for what interval variables have; the types
// of Grafana's SDK do.
interface Lists {
  annotations: { list: (AnnotationQuery & Pick<sdk.AnnotationQuery, 'expr'>)[] };
  templating: { list: (VariableModel & Pick<sdk.VariableModel, 'auto' | 'auto_min' | 'auto_count'>)[] };
}

export type Rendered = Literal<Omit<Dashboard, 'panels' | keyof Lists> & Lists & { panels: AnyPanel[] }>;
