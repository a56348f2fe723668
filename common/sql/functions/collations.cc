// Sort keys and changes of case by the rules of ICU: what comparisons under a collation are made
// of (binder/collations.cc).
#include "common/types/collation.h"

#include "absl/strings/ascii.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/postgres_names.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using View = std::string_view;

absl::StatusOr<std::string> KeyOf(const EvaluationContext& context, const View& text,
                                  const View& /*schema*/, const View& /*name*/, const View& locale,
                                  const bool& nondeterministic) {
  // A key takes about as long as comparing sixteen strings.
  RETURN_IF_ERROR(context.Handled(text.size() * 16 + 64));
  std::string key;
  RETURN_IF_ERROR(types::AppendSortKey(text, std::string(locale), nondeterministic, &key));
  return key;
}

absl::StatusOr<View> TextOf(const View& key) {
  const size_t end = key.find('\0');
  if (end == View::npos) return absl::InternalError("a sort key without its text");
  return key.substr(end + 1);
}

// As the C locale does it: other bytes than ASCII's letters stay, and end words.
std::string ChangeAscii(View text, types::CaseChange change) {
  std::string changed(text);
  bool within = false;
  for (char& c : changed) {
    const bool up =
        change == types::CaseChange::kUpper || (change == types::CaseChange::kTitle && !within);
    within = absl::ascii_isalnum(static_cast<unsigned char>(c));
    c = up ? absl::ascii_toupper(static_cast<unsigned char>(c))
           : absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return changed;
}

absl::StatusOr<std::string> ChangedCase(const EvaluationContext& context, const View& text,
                                        const View& how, const View& locale) {
  RETURN_IF_ERROR(context.Handled(text.size() * 16 + 64));
  const types::CaseChange change = how == "lower"   ? types::CaseChange::kLower
                                   : how == "upper" ? types::CaseChange::kUpper
                                                    : types::CaseChange::kTitle;
  if (locale == "C") return ChangeAscii(text, change);
  return types::ChangeCase(text, std::string(locale), change);
}

}  // namespace

void AddCollations(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  builder.AddFunction(kCollationKey, {text, text, text, text, TypeId::kBool}, TypeId::kBytea,
                      Map<KeyOf>);
  builder.AddFunction(kCollationText, {TypeId::kBytea}, text, Map<TextOf>);
  builder.AddFunction(kChangeCase, {text, text, text}, text, Map<ChangedCase>);
}

}  // namespace adbms::sql::functions
