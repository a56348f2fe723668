// jsonb from text and to text.
#include "common/status/macros.h"
#include "common/types/jsonb_builder.h"

namespace adbms::types {
namespace {

class Writer {
 public:
  Writer(bool indent, std::string* out) : indent_(indent), out_(*out) {}

  void Write(const Jsonb& value, int level) {
    switch (value.kind()) {
      case JsonbKind::kNull:
        out_ += "null";
        break;
      case JsonbKind::kBool:
        out_ += value.bool_value() ? "true" : "false";
        break;
      case JsonbKind::kNumber:
        FormatJsonbNumber(value.number(), &out_);
        break;
      case JsonbKind::kString:
        AppendJsonString(value.text(), &out_);
        break;
      case JsonbKind::kArray:
      case JsonbKind::kObject:
        WriteContainer(value, level);
        break;
    }
  }

 private:
  void WriteContainer(const Jsonb& value, int level) {
    const bool object = value.kind() == JsonbKind::kObject;
    out_.push_back(object ? '{' : '[');
    for (uint32_t i = 0; i < value.size(); ++i) {
      if (i > 0) out_ += indent_ ? "," : ", ";
      StartLine(level + 1);
      if (object) {
        AppendJsonString(value.Key(i), &out_);
        out_ += ": ";
      }
      Write(value.At(i), level + 1);
    }
    StartLine(level);
    out_.push_back(object ? '}' : ']');
  }
  void StartLine(int level) {
    if (!indent_) return;
    out_.push_back('\n');
    out_.append(static_cast<size_t>(level) * 4, ' ');
  }

  const bool indent_;
  std::string& out_;
};

}  // namespace

absl::StatusOr<std::string> ParseJsonb(std::string_view text) {
  JsonbBuilder builder;
  RETURN_IF_ERROR(ReadJson(text, &builder));
  return builder.Take();
}

void FormatJsonb(const Jsonb& value, bool indent, std::string* out) {
  Writer(indent, out).Write(value, 0);
}

}  // namespace adbms::types
