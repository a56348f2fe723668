// EXPLAIN's text, and what its other formats print.
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/sql/explain/document.h"
#include "common/sql/explain/plan_description.h"
#include "common/sql/plan/operator_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql {
namespace {

using common::v1::Operator;
using explain::Description;
using explain::Item;
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

class DocumentWriter {
 public:
  DocumentWriter(const Catalog& catalog, const ExplainOptions& options, const Actuals* actuals)
      : catalog_(catalog), options_(options), actuals_(actuals) {}

  // `plan`: for its root, whose children its other trees are.
  Item Node(const Operator& op, const std::string& relationship, const std::string& subplan,
            const common::v1::Plan* plan) {
    const Description d = explain::Describe(op, catalog_);
    std::vector<Item> items;
    auto text = [&](const std::string& name, const std::string& value) {
      items.push_back(Item::Text(name, value));
    };
    auto number = [&](const std::string& name, const std::string& value) {
      items.push_back(Item::Number(name, value));
    };
    text("Node Type", d.node_type);
    if (!relationship.empty()) text("Parent Relationship", relationship);
    if (!subplan.empty()) text("Subplan Name", subplan);
    for (const auto& [name, value] : d.identity) text(name, value);
    if (options_.costs) {
      number("Startup Cost", Fixed(op.startup_cost(), 2));
      number("Total Cost", Fixed(op.total_cost(), 2));
      number("Plan Rows", Fixed(op.estimated_rows(), 0));
      // Rows as expected before the learned correction.
      if (op.uncorrected_rows() > 0 && op.uncorrected_rows() != op.estimated_rows())
        number("Uncorrected Rows", Fixed(op.uncorrected_rows(), 0));
      number("Plan Width", absl::StrCat(explain::WidthOf(op)));
    }
    const OperatorActual* actual = ActualOf(op, actuals_);
    if (options_.analyze) {
      const OperatorActual none;
      const OperatorActual& shown = actual == nullptr ? none : *actual;
      if (options_.timing) {
        number("Actual Startup Time", "0.000");
        number("Actual Total Time", Fixed(Milliseconds(shown), 3));
      }
      number("Actual Rows", absl::StrCat(PerLoop(shown.rows, shown.loops)));
      number("Actual Loops", absl::StrCat(shown.loops));
    }
    if (options_.verbose && op.output_size() > 0) text("Output", explain::OutputOf(op));
    for (const auto& [name, value] : d.properties) text(name, value);
    if (options_.analyze && d.filters && actual != nullptr)
      number("Rows Removed by Filter", absl::StrCat(PerLoop(actual->rows_removed, actual->loops)));
    if (options_.analyze && actual != nullptr && actual->deletions_skipped > 0)
      number("Deleted Keys Skipped", absl::StrCat(actual->deletions_skipped));
    if (options_.analyze && actual != nullptr && actual->workers > 0)
      number("Workers", absl::StrCat(actual->workers));
    std::vector<Item> children;
    const std::vector<const Operator*> inputs = explain::ShownInputs(op);
    for (size_t i = 0; i < inputs.size(); ++i)
      children.push_back(Node(*inputs[i], i == 0 ? "Outer" : "Inner", "", nullptr));
    if (plan != nullptr) {
      for (int i = 0; i < plan->subplans_size(); ++i)
        children.push_back(
            Node(plan->subplans(i).root(), "SubPlan", absl::StrCat("SubPlan ", i + 1), nullptr));
      for (int i = 0; i < plan->ctes_size(); ++i)
        children.push_back(Node(plan->ctes(i), "InitPlan", absl::StrCat("CTE ", i + 1), nullptr));
    }
    if (!children.empty()) items.push_back(Item::List("Plans", std::move(children)));
    return Item::Group("Plan", std::move(items));
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
  if (options.format != ExplainFormat::kText) {
    std::vector<Item> items = {
        DocumentWriter(catalog, options, actuals).Node(plan.root(), "", "", &plan),
        Item::Text("Planner", PlannerName(plan.planner()))};
    if (!plan.restriction().empty()) items.push_back(Item::Text("Restriction", plan.restriction()));
    if (options.analyze) {
      items.push_back(Item::Number("Planning Time", planning));
      items.push_back(Item::Number("Execution Time", execution));
    }
    return {explain::Print(Item::Group("Query", std::move(items)), options.format)};
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
