#include "common/sql/plan/index_form.h"

#include <algorithm>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/plan/expression_decoder.h"
#include "common/status/macros.h"

namespace adbms::sql::plan {
namespace {

using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

// Columns of a form that belongs to no scan yet are their ordinals.
absl::StatusOr<IndexForm> FormOverOrdinals(const IndexDescriptor& index,
                                           const TableDescriptor& table) {
  return FormOf(index, [&table](uint32_t ordinal) {
    const auto position = static_cast<int>(ordinal);
    return MakeColumn(ordinal, position < table.columns_size()
                                   ? types::FromProto(table.columns(position).type())
                                   : types::Type{});
  });
}

// What is left of an expression without the casts around it.
const Expr& WithoutCasts(const Expr& e) {
  const Expr* inner = &e;
  while (inner->kind == Expr::Kind::kCast) inner = inner->args[0].get();
  return *inner;
}

bool IsConstant(const Expr& e) { return WithoutCasts(e).kind == Expr::Kind::kLiteral; }

// Compares expressions of a query with a form over ordinals.
class Matcher {
 public:
  Matcher(const Query& query, uint32_t table_id) : query_(query), table_id_(table_id) {}

  // Whether `e` is `form`, lifted constants standing for any constant; these are noted.
  bool Matches(const Expr& e, const Expr& form, std::set<int>* literals) const {
    // Constants get their types by casts, or have them from the start.
    const Expr& constant = WithoutCasts(e);
    if (constant.kind == Expr::Kind::kParameter && constant.literal >= 0 && IsConstant(form)) {
      literals->insert(constant.literal);
      return true;
    }
    if (e.kind != form.kind || e.args.size() != form.args.size()) return false;
    if (e.kind == Expr::Kind::kColumn) return IsColumn(e, form.column);
    if (e.kind == Expr::Kind::kLiteral) return e.value == form.value;
    if (e.kind == Expr::Kind::kParameter || e.kind == Expr::Kind::kSubquery) return false;
    if (e.function != form.function || e.logical != form.logical || e.test != form.test)
      return false;
    for (size_t i = 0; i < e.args.size(); ++i) {
      if (!Matches(*e.args[i], *form.args[i], literals)) return false;
    }
    return true;
  }

 private:
  bool IsColumn(const Expr& e, ColumnId ordinal) const {
    const ColumnInfo& info = query_.columns[e.column];
    return info.table_id == table_id_ && info.column_number == ordinal + 1;
  }

  const Query& query_;
  const uint32_t table_id_;
};

// What a predicate compares with constants.
void CollectSubjects(const Expr& predicate, std::vector<ExprPtr>* subjects) {
  const bool constants = std::any_of(predicate.args.begin(), predicate.args.end(),
                                     [](const ExprPtr& arg) { return IsConstant(*arg); });
  for (const ExprPtr& arg : predicate.args) {
    if (constants && !IsConstant(*arg)) subjects->push_back(arg);
    CollectSubjects(*arg, subjects);
  }
}

bool HasConstants(const Expr& e) {
  return e.kind == Expr::Kind::kLiteral ||
         std::any_of(e.args.begin(), e.args.end(),
                     [](const ExprPtr& arg) { return HasConstants(*arg); });
}

// Notes the lifted constants that stand beside one of the subjects.
void CollectBeside(const Matcher& matcher, const Expr& e, const std::vector<ExprPtr>& subjects,
                   std::set<int>* literals) {
  const bool beside = std::any_of(e.args.begin(), e.args.end(), [&](const ExprPtr& arg) {
    return std::any_of(subjects.begin(), subjects.end(), [&](const ExprPtr& subject) {
      std::set<int> within;
      if (!matcher.Matches(*arg, *subject, &within)) return false;
      literals->insert(within.begin(), within.end());
      return true;
    });
  });
  for (const ExprPtr& arg : e.args) {
    // Maybe with a sign or a type.
    const Expr* constant = arg.get();
    while (constant->args.size() == 1) constant = constant->args[0].get();
    if (beside && constant->kind == Expr::Kind::kParameter && constant->literal >= 0)
      literals->insert(constant->literal);
  }
}

bool IsText(const types::Type& type) {
  return type.id == types::TypeId::kText || type.id == types::TypeId::kVarchar;
}

// The columns among the keys that are strings.
std::vector<ExprPtr> TextsOf(const google::protobuf::RepeatedField<uint32_t>& ordinals,
                             const TableDescriptor& table) {
  std::vector<ExprPtr> texts;
  for (const uint32_t ordinal : ordinals) {
    if (ordinal >= static_cast<uint32_t>(table.columns_size())) continue;
    const types::Type type = types::FromProto(table.columns(static_cast<int>(ordinal)).type());
    if (IsText(type)) texts.push_back(MakeColumn(ordinal, type));
  }
  return texts;
}

// Notes the lifted constant that one of the keys is LIKE.
void CollectPattern(const Matcher& matcher, const Expr& e, const std::vector<ExprPtr>& texts,
                    std::set<int>* literals) {
  if (e.kind != Expr::Kind::kCall || !e.function->is_operator || e.function->name != "~~") return;
  const Expr& pattern = WithoutCasts(*e.args[1]);
  if (pattern.kind != Expr::Kind::kParameter || pattern.literal < 0) return;
  const Expr& subject = WithoutCasts(*e.args[0]);
  if (std::any_of(texts.begin(), texts.end(), [&](const ExprPtr& text) {
        std::set<int> within;
        return matcher.Matches(subject, *text, &within);
      }))
    literals->insert(pattern.literal);
}

}  // namespace

absl::StatusOr<IndexForm> FormOf(const IndexDescriptor& index,
                                 const std::function<ExprPtr(uint32_t)>& column) {
  IndexForm form;
  int next = 0;
  for (const uint32_t ordinal : index.columns()) {
    ExprPtr& key = form.keys.emplace_back();
    if (ordinal != kExpressionKey) continue;
    if (next >= index.expressions_size()) return absl::InternalError("a malformed index");
    ASSIGN_OR_RETURN(key, Decode(index.expressions(next++), column));
  }
  if (index.has_predicate()) {
    ASSIGN_OR_RETURN(form.predicate, Decode(index.predicate(), column));
  }
  return form;
}

IndexLiterals::IndexLiterals(const Query& query) : query_(query) {
  for (const TableUse& use : query.tables) {
    Form keys{use.table->table_id(), {}, {}, TextsOf(use.table->primary_key(), *use.table)};
    if (!keys.texts.empty()) forms_.push_back(std::move(keys));
    for (const IndexDescriptor& index : use.table->indexes()) {
      Form kept{use.table->table_id(), {}, {}, {}};
      if (!IsInverted(index)) kept.texts = TextsOf(index.columns(), *use.table);
      const auto form =
          IsPlain(index) ? absl::StatusOr<IndexForm>() : FormOverOrdinals(index, *use.table);
      if (form.ok()) {
        for (const ExprPtr& key : form->keys) {
          if (key == nullptr) continue;
          if (HasConstants(*key)) kept.keys.push_back(key);
          if (!IsInverted(index) && IsText(key->type)) kept.texts.push_back(key);
        }
        if (form->predicate != nullptr) CollectSubjects(*form->predicate, &kept.subjects);
      }
      if (!kept.keys.empty() || !kept.subjects.empty() || !kept.texts.empty())
        forms_.push_back(std::move(kept));
    }
  }
}

void IndexLiterals::Collect(const Expr& expression, std::set<int>* literals) const {
  if (expression.args.empty()) return;
  for (const Form& form : forms_) {
    const Matcher matcher(query_, form.table_id);
    for (const ExprPtr& key : form.keys) {
      std::set<int> within;
      if (matcher.Matches(expression, *key, &within))
        literals->insert(within.begin(), within.end());
    }
    CollectBeside(matcher, expression, form.subjects, literals);
    CollectPattern(matcher, expression, form.texts, literals);
  }
}

}  // namespace adbms::sql::plan
