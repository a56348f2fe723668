#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"
#include "common/types/number_text.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

absl::Status Malformed(std::string_view text, std::string_view detail) {
  return status::Error(sqlstate::kInvalidTextRepresentation,
                       "malformed record literal: \"" + std::string(text) + "\"", detail);
}

// A field's text, or that it is NULL.
struct FieldText {
  std::string text;
  bool null = false;
};

class CompositeReader {
 public:
  explicit CompositeReader(std::string_view text) : text_(text) {}

  absl::Status Open() {
    while (i_ < text_.size() && IsSpace(text_[i_])) ++i_;
    if (Current() != '(') return Malformed(text_, "Missing left parenthesis.");
    ++i_;
    return absl::OkStatus();
  }

  absl::StatusOr<FieldText> Next(bool first) {
    if (!first) {
      if (Current() != ',') return Malformed(text_, "Too few columns.");
      ++i_;
    }
    FieldText field;
    if (Current() == ',' || Current() == ')') {
      field.null = true;
      return field;
    }
    bool quoted = false;
    while (quoted || (Current() != ',' && Current() != ')')) {
      if (AtEnd()) return Malformed(text_, "Unexpected end of input.");
      const char c = text_[i_++];
      if (c == '\\') {
        if (AtEnd()) return Malformed(text_, "Unexpected end of input.");
        field.text.push_back(text_[i_++]);
      } else if (c == '"') {
        if (quoted && Current() == '"') {
          field.text.push_back(text_[i_++]);
        } else {
          quoted = !quoted;
        }
      } else {
        field.text.push_back(c);
      }
    }
    return field;
  }

  absl::Status Close() {
    if (Current() != ')') return Malformed(text_, "Too many columns.");
    ++i_;
    while (i_ < text_.size() && IsSpace(text_[i_])) ++i_;
    return AtEnd() ? absl::OkStatus() : Malformed(text_, "Junk after right parenthesis.");
  }

 private:
  bool AtEnd() const { return i_ >= text_.size(); }
  char Current() const { return AtEnd() ? '\0' : text_[i_]; }

  const std::string_view text_;
  size_t i_ = 0;
};

void AppendField(std::string_view text, std::string* out) {
  bool quotes = text.empty();
  for (const char c : text)
    quotes |= c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || IsSpace(c);
  if (!quotes) {
    out->append(text);
    return;
  }
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out->push_back(c);
    out->push_back(c);
  }
  out->push_back('"');
}

}  // namespace

absl::Status CheckReadable(const Type& row) {
  const DeclaredType* const definition = CompositeOf(row);
  if (definition == nullptr || definition->is_anonymous())
    return status::Error(sqlstate::kFeatureNotSupported,
                         "input of anonymous composite types is not implemented");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParseComposite(std::string_view text, const Type& row,
                                           const TextOptions& options) {
  RETURN_IF_ERROR(CheckReadable(row));
  const DeclaredType& definition = *CompositeOf(row);
  CompositeReader reader(text);
  RETURN_IF_ERROR(reader.Open());
  CompositeBuilder builder;
  for (size_t i = 0; i < definition.fields.size(); ++i) {
    ASSIGN_OR_RETURN(const FieldText field, reader.Next(i == 0));
    const Type& type = definition.fields[i].type;
    if (field.null) {
      builder.AddNull(type.id);
      continue;
    }
    Vector value(type);
    value.Resize(1);
    RETURN_IF_ERROR(ParseTextInto(field.text, options, &value, 0));
    builder.Add(value, 0);
  }
  RETURN_IF_ERROR(reader.Close());
  return builder.Finish();
}

void FormatComposite(std::string_view bytes, const Type& row, const TextOptions& options,
                     std::string* out) {
  const CompositeView view(bytes);
  out->push_back('(');
  std::string text;
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (i > 0) out->push_back(',');
    if (view.is_null(i)) continue;
    text.clear();
    FormatText(view.Field(i, row), 0, options, &text);
    AppendField(text, out);
  }
  out->push_back(')');
}

}  // namespace adbms::types
