// regexp_count, regexp_like, regexp_instr and regexp_substr: the functions that count and number
// matches. Positions are in characters, from 1.
#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/regex.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

// What a call asks for; arguments that are left out have these values.
struct Request {
  int32_t start = 1;
  int32_t occurrence = 1;
  int32_t end_option = 0;  // 1: the position behind the match.
  View flags;
  int32_t group = 0;
};

absl::Status Invalid(std::string_view parameter, int32_t value) {
  return status::Error(
      status::sqlstate::kInvalidParameterValue,
      "invalid value for parameter \"" + std::string(parameter) + "\": " + std::to_string(value));
}

// Which arguments of a call, after text and pattern, stand for what; -1: not there.
struct Shape {
  const char* name;
  int start = -1;
  int occurrence = -1;
  int end_option = -1;
  int flags = -1;
  int group = -1;
};

absl::StatusOr<Request> ReadRequest(const Shape& shape, const std::vector<const Vector*>& arguments,
                                    uint32_t row) {
  Request request;
  const auto number = [&](int position, const char* name, int32_t least, int32_t most,
                          int32_t* value) -> absl::Status {
    if (position < 0 || static_cast<size_t>(position) >= arguments.size()) return absl::OkStatus();
    *value = arguments[static_cast<size_t>(position)]->data<int32_t>()[row];
    return *value < least || *value > most ? Invalid(name, *value) : absl::OkStatus();
  };
  constexpr int32_t kMany = std::numeric_limits<int32_t>::max();
  RETURN_IF_ERROR(number(shape.start, "start", 1, kMany, &request.start));
  RETURN_IF_ERROR(number(shape.occurrence, "n", 1, kMany, &request.occurrence));
  RETURN_IF_ERROR(number(shape.end_option, "endoption", 0, 1, &request.end_option));
  RETURN_IF_ERROR(number(shape.group, "subexpr", 0, kMany, &request.group));
  if (shape.flags >= 0 && static_cast<size_t>(shape.flags) < arguments.size())
    request.flags = arguments[static_cast<size_t>(shape.flags)]->data<View>()[row];
  return request;
}

// Walks over the matches of a text.
class Matches {
 public:
  // Borrows all.
  Matches(Regex* regex, View text, size_t position, const EvaluationContext& context)
      : regex_(regex), text_(text), position_(position) {
    regex_->SetText(text, &context);
  }
  absl::StatusOr<bool> Next() {
    if (position_ > text_.size()) return false;
    ASSIGN_OR_RETURN(const bool found, regex_->Find(position_, &groups_));
    if (!found) return false;
    const auto begin = static_cast<size_t>(groups_[0].data() - text_.data());
    position_ = begin + groups_[0].size();
    // An empty one is passed by a character.
    if (groups_[0].empty())
      position_ += position_ < text_.size() ? CharacterLength(text_[position_]) : 1;
    return true;
  }
  size_t groups() const { return regex_->groups(); }
  // Begin and length in bytes; nullopt for a group that took no part.
  std::optional<std::pair<size_t, size_t>> Group(size_t index) const {
    const View group = groups_[index];
    if (group.data() == nullptr) return std::nullopt;
    return std::pair(static_cast<size_t>(group.data() - text_.data()), group.size());
  }

 private:
  Regex* const regex_;
  const View text_;
  size_t position_;
  std::vector<View> groups_;
};

// The byte at which a character begins; behind the text where there are not so many.
size_t ByteOf(View text, int32_t character) {
  size_t at = 0;
  for (; character > 1 && at < text.size(); --character) at += CharacterLength(text[at]);
  return character > 1 ? text.size() + 1 : std::min(at, text.size());
}

int32_t CharacterOf(View text, size_t byte) {
  int32_t character = 1;
  for (size_t at = 0; at < byte && at < text.size(); at += CharacterLength(text[at])) ++character;
  return character;
}

// Prepares the regex and hands each row's request with its matches to `answer`.
template <typename Answer>
absl::Status ForRows(const EvaluationContext& context, const Shape& shape,
                     const std::vector<const Vector*>& arguments, uint32_t rows, Vector* result,
                     Answer answer) {
  Regex regex;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    ASSIGN_OR_RETURN(const Request request, ReadRequest(shape, arguments, row));
    ASSIGN_OR_RETURN(const RegexFlags flags, ReadRegexFlags(request.flags));
    if (flags.global)
      return status::Error(status::sqlstate::kInvalidParameterValue,
                           std::string(shape.name) + "() does not support the \"global\" option");
    RETURN_IF_ERROR(regex.Prepare(arguments[1]->data<View>()[row], flags));
    const View text = arguments[0]->data<View>()[row];
    RETURN_IF_ERROR(context.Handled(text.size() + 64));
    Matches matches(&regex, text, ByteOf(text, request.start), context);
    RETURN_IF_ERROR(answer(request, text, &matches, row));
  }
  return absl::OkStatus();
}

// The group of the match that is asked for; nullopt when there is none.
absl::StatusOr<std::optional<std::pair<size_t, size_t>>> Find(const EvaluationContext& context,
                                                              const Request& request,
                                                              Matches* matches) {
  for (int32_t i = 0; i < request.occurrence; ++i) {
    ASSIGN_OR_RETURN(const bool more, matches->Next());
    if (!more) return std::nullopt;
    RETURN_IF_ERROR(context.Handled(64));
  }
  if (static_cast<size_t>(request.group) > matches->groups()) return std::nullopt;
  return matches->Group(static_cast<size_t>(request.group));
}

absl::Status Count(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                   uint32_t rows, Vector* result) {
  const Shape shape{.name = "regexp_count", .start = 2, .flags = 3};
  return ForRows(context, shape, arguments, rows, result,
                 [&](const Request&, View, Matches* matches, uint32_t row) -> absl::Status {
                   for (int32_t count = 0;; ++count) {
                     result->data<int32_t>()[row] = count;
                     ASSIGN_OR_RETURN(const bool more, matches->Next());
                     if (!more) break;
                     RETURN_IF_ERROR(context.Handled(64));
                   }
                   return absl::OkStatus();
                 });
}

absl::Status Like(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                  uint32_t rows, Vector* result) {
  const Shape shape{.name = "regexp_like", .flags = 2};
  return ForRows(context, shape, arguments, rows, result,
                 [&](const Request&, View, Matches* matches, uint32_t row) -> absl::Status {
                   ASSIGN_OR_RETURN(const bool found, matches->Next());
                   result->data<uint8_t>()[row] = found;
                   return absl::OkStatus();
                 });
}

absl::Status Substring(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t rows, Vector* result) {
  const Shape shape{.name = "regexp_substr", .start = 2, .occurrence = 3, .flags = 4, .group = 5};
  return ForRows(
      context, shape, arguments, rows, result,
      [&](const Request& request, View text, Matches* matches, uint32_t row) -> absl::Status {
        ASSIGN_OR_RETURN(const auto found, Find(context, request, matches));
        if (!found.has_value()) {
          result->SetNull(row);
          return absl::OkStatus();
        }
        result->data<View>()[row] = result->arena()->Add(text.substr(found->first, found->second));
        return result->strings_refused() ? result->StringsRefusal() : absl::OkStatus();
      });
}

absl::Status Position(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                      uint32_t rows, Vector* result) {
  const Shape shape{
      .name = "regexp_instr", .start = 2, .occurrence = 3, .end_option = 4, .flags = 5, .group = 6};
  return ForRows(
      context, shape, arguments, rows, result,
      [&](const Request& request, View text, Matches* matches, uint32_t row) -> absl::Status {
        ASSIGN_OR_RETURN(const auto found, Find(context, request, matches));
        const size_t at = !found.has_value()        ? 0
                          : request.end_option == 1 ? found->first + found->second
                                                    : found->first;
        result->data<int32_t>()[row] = found.has_value() ? CharacterOf(text, at) : 0;
        return absl::OkStatus();
      });
}

}  // namespace

void AddRegexpFind(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId int4 = TypeId::kInt4;
  // With ever more of the arguments.
  const auto add = [&](const char* name, std::vector<TypeId> arguments, TypeId result,
                       Kernel kernel) {
    for (size_t count = 2; count <= arguments.size(); ++count) {
      builder.AddFunction(name, {arguments.begin(), arguments.begin() + static_cast<long>(count)},
                          result, kernel);
    }
  };
  add("regexp_count", {text, text, int4, text}, int4, Count);
  add("regexp_like", {text, text, text}, TypeId::kBool, Like);
  add("regexp_substr", {text, text, int4, int4, text, int4}, text, Substring);
  add("regexp_instr", {text, text, int4, int4, int4, text, int4}, int4, Position);
}

}  // namespace adbms::sql::functions
