// EXPLAIN's text and JSON.
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/sql/explain/plan_description.h"
#include "common/sql/plan/operator_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql {
namespace {

using common::v1::Operator;
using explain::Description;
using Actuals = std::vector<std::optional<OperatorActual>>;

std::string Fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

const char* PlannerName(common::v1::PlannerKind kind) {
  switch (kind) {
    case common::v1::PLANNER_KIND_COST:
      return "cost";
    case common::v1::PLANNER_KIND_LEARNED:
      return "learned";
    default:
      return "default";
  }
}

const OperatorActual* ActualOf(const Operator& op, const Actuals* actuals) {
  if (actuals == nullptr || op.id() >= actuals->size() || !(*actuals)[op.id()].has_value())
    return nullptr;
  return &*(*actuals)[op.id()];
}

double Milliseconds(const OperatorActual& actual) {
  return static_cast<double>(actual.elapsed_us) / 1000.0 /
         static_cast<double>(std::max<uint64_t>(1, actual.loops));
}

uint64_t PerLoop(uint64_t rows, uint64_t loops) {
  return static_cast<uint64_t>(
      std::llround(static_cast<double>(rows) / static_cast<double>(std::max<uint64_t>(1, loops))));
}

class TextWriter {
 public:
  TextWriter(const Catalog& catalog, const ExplainOptions& options, const Actuals* actuals)
      : catalog_(catalog), options_(options), actuals_(actuals) {}

  // `label`: a line above the node ("SubPlan 1"), or empty.
  void Write(const Operator& op, int indent, const std::string& label) {
    if (!label.empty()) {
      lines_.push_back(absl::StrCat(std::string(indent, ' '), label));
      indent += 2;
    }
    const bool top = lines_.empty();
    const Description d = explain::Describe(op, catalog_);
    std::string line = top ? d.title : absl::StrCat(std::string(indent, ' '), "->  ", d.title);
    if (options_.costs)
      absl::StrAppend(&line, "  (cost=", Fixed(op.startup_cost(), 2), "..",
                      Fixed(op.total_cost(), 2), " rows=", Fixed(op.estimated_rows(), 0),
                      " width=", explain::WidthOf(op), ")");
    const OperatorActual* actual = ActualOf(op, actuals_);
    if (options_.analyze) {
      if (actual == nullptr || actual->loops == 0) {
        absl::StrAppend(&line, options_.costs ? " " : "  ", "(never executed)");
      } else {
        absl::StrAppend(&line, options_.costs ? " " : "  ", "(actual ");
        if (options_.timing)
          absl::StrAppend(&line, "time=0.000..", Fixed(Milliseconds(*actual), 3), " ");
        absl::StrAppend(&line, "rows=", PerLoop(actual->rows, actual->loops),
                        " loops=", actual->loops, ")");
      }
    }
    lines_.push_back(std::move(line));
    const int inner = top ? 2 : indent + 6;
    auto property = [&](const std::string& name, const std::string& value) {
      lines_.push_back(absl::StrCat(std::string(inner, ' '), name, ": ", value));
    };
    if (options_.verbose && op.output_size() > 0) property("Output", explain::OutputOf(op));
    for (const auto& [name, value] : d.properties) property(name, value);
    if (options_.analyze && d.filters && actual != nullptr && actual->rows_removed > 0)
      property("Rows Removed by Filter",
               absl::StrCat(PerLoop(actual->rows_removed, actual->loops)));
    if (options_.analyze && actual != nullptr && actual->deletions_skipped > 0)
      property("Deleted Keys Skipped", absl::StrCat(actual->deletions_skipped));
    if (options_.analyze && actual != nullptr && actual->workers > 0)
      property("Workers", absl::StrCat(actual->workers));
    for (const Operator* child : explain::ShownInputs(op)) Write(*child, inner, "");
  }

  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  const Catalog& catalog_;
  const ExplainOptions& options_;
  const Actuals* actuals_;
  std::vector<std::string> lines_;
};

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      out += buffer;
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

class JsonWriter {
 public:
  JsonWriter(const Catalog& catalog, const ExplainOptions& options, const Actuals* actuals)
      : catalog_(catalog), options_(options), actuals_(actuals) {}

  std::string Node(const Operator& op, int indent, const std::string& relationship,
                   const std::string& subplan, const common::v1::Plan* plan) {
    const Description d = explain::Describe(op, catalog_);
    const std::string pad(indent + 2, ' ');
    std::vector<std::string> fields;
    auto text = [&](const std::string& name, const std::string& value) {
      fields.push_back(absl::StrCat(pad, JsonString(name), ": ", JsonString(value)));
    };
    auto raw = [&](const std::string& name, const std::string& value) {
      fields.push_back(absl::StrCat(pad, JsonString(name), ": ", value));
    };
    text("Node Type", d.node_type);
    if (!relationship.empty()) text("Parent Relationship", relationship);
    if (!subplan.empty()) text("Subplan Name", subplan);
    for (const auto& [name, value] : d.identity) text(name, value);
    if (options_.costs) {
      raw("Startup Cost", Fixed(op.startup_cost(), 2));
      raw("Total Cost", Fixed(op.total_cost(), 2));
      raw("Plan Rows", Fixed(op.estimated_rows(), 0));
      raw("Plan Width", absl::StrCat(explain::WidthOf(op)));
    }
    const OperatorActual* actual = ActualOf(op, actuals_);
    if (options_.analyze) {
      const OperatorActual none;
      const OperatorActual& shown = actual == nullptr ? none : *actual;
      if (options_.timing) {
        raw("Actual Startup Time", "0.000");
        raw("Actual Total Time", Fixed(Milliseconds(shown), 3));
      }
      raw("Actual Rows", absl::StrCat(PerLoop(shown.rows, shown.loops)));
      raw("Actual Loops", absl::StrCat(shown.loops));
    }
    if (options_.verbose && op.output_size() > 0) text("Output", explain::OutputOf(op));
    for (const auto& [name, value] : d.properties) text(name, value);
    if (options_.analyze && d.filters && actual != nullptr)
      raw("Rows Removed by Filter", absl::StrCat(PerLoop(actual->rows_removed, actual->loops)));
    if (options_.analyze && actual != nullptr && actual->deletions_skipped > 0)
      raw("Deleted Keys Skipped", absl::StrCat(actual->deletions_skipped));
    if (options_.analyze && actual != nullptr && actual->workers > 0)
      raw("Workers", absl::StrCat(actual->workers));
    std::vector<std::string> children;
    const std::vector<const Operator*> inputs = explain::ShownInputs(op);
    for (size_t i = 0; i < inputs.size(); ++i)
      children.push_back(Node(*inputs[i], indent + 4, i == 0 ? "Outer" : "Inner", "", nullptr));
    if (plan != nullptr) {
      for (int i = 0; i < plan->subplans_size(); ++i)
        children.push_back(Node(plan->subplans(i).root(), indent + 4, "SubPlan",
                                absl::StrCat("SubPlan ", i + 1), nullptr));
      for (int i = 0; i < plan->ctes_size(); ++i)
        children.push_back(
            Node(plan->ctes(i), indent + 4, "InitPlan", absl::StrCat("CTE ", i + 1), nullptr));
    }
    if (!children.empty()) {
      std::string list = absl::StrCat(pad, "\"Plans\": [\n");
      for (size_t i = 0; i < children.size(); ++i)
        absl::StrAppend(&list, std::string(indent + 4, ' '), children[i],
                        i + 1 < children.size() ? ",\n" : "\n");
      fields.push_back(absl::StrCat(list, pad, "]"));
    }
    std::string out = "{\n";
    for (size_t i = 0; i < fields.size(); ++i)
      absl::StrAppend(&out, fields[i], i + 1 < fields.size() ? ",\n" : "\n");
    return absl::StrCat(out, std::string(indent, ' '), "}");
  }

 private:
  const Catalog& catalog_;
  const ExplainOptions& options_;
  const Actuals* actuals_;
};

}  // namespace

std::vector<std::string> Explain(const common::v1::Plan& plan, const Catalog& catalog,
                                 const ExplainOptions& options, const Actuals* actuals,
                                 int64_t planning_us, int64_t execution_us) {
  const std::string planning = Fixed(static_cast<double>(planning_us) / 1000.0, 3);
  const std::string execution = Fixed(static_cast<double>(execution_us) / 1000.0, 3);
  if (options.json) {
    JsonWriter writer(catalog, options, actuals);
    std::string out =
        absl::StrCat("[\n  {\n    \"Plan\": ", writer.Node(plan.root(), 4, "", "", &plan),
                     ",\n    \"Planner\": ", JsonString(PlannerName(plan.planner())));
    if (!plan.restriction().empty())
      absl::StrAppend(&out, ",\n    \"Restriction\": ", JsonString(plan.restriction()));
    if (options.analyze)
      absl::StrAppend(&out, ",\n    \"Planning Time\": ", planning,
                      ",\n    \"Execution Time\": ", execution);
    return {absl::StrCat(out, "\n  }\n]")};
  }
  TextWriter writer(catalog, options, actuals);
  writer.Write(plan.root(), 0, "");
  for (int i = 0; i < plan.ctes_size(); ++i)
    writer.Write(plan.ctes(i), 2, absl::StrCat("CTE ", i + 1));
  for (int i = 0; i < plan.subplans_size(); ++i)
    writer.Write(plan.subplans(i).root(), 2, absl::StrCat("SubPlan ", i + 1));
  std::vector<std::string> lines = writer.Take();
  // Where nothing is read nothing was chosen.
  if (plan.tables_size() > 0 || lines.size() > 1)
    lines.push_back(absl::StrCat("Planner: ", PlannerName(plan.planner())));
  if (!plan.restriction().empty())
    lines.push_back(absl::StrCat("Restriction: ", plan.restriction()));
  if (options.analyze) {
    lines.push_back(absl::StrCat("Planning Time: ", planning, " ms"));
    lines.push_back(absl::StrCat("Execution Time: ", execution, " ms"));
  }
  return lines;
}

}  // namespace adbms::sql
