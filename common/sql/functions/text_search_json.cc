#include "common/sql/functions/text_search_json.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/json_reader.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using types::Jsonb;
using types::JsonbKind;
using types::TypeId;
using View = std::string_view;
using Tell = absl::FunctionRef<absl::Status(View)>;
using Change = absl::FunctionRef<absl::StatusOr<std::string>(View)>;

constexpr char kPossibleNames[] =
    "Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\".";

absl::Status Refuse(std::string_view message, std::string_view hint = {}) {
  return status::Error(status::sqlstate::kInvalidParameterValue, message, {}, hint);
}

absl::Status AddPart(const Jsonb& name, JsonParts* parts) {
  if (name.kind() != JsonbKind::kString)
    return Refuse("flag array element is not a string", kPossibleNames);
  const View text = name.text();
  if (text == "all") {
    *parts = {true, true, true, true};
  } else if (text == "key") {
    parts->keys = true;
  } else if (text == "string") {
    parts->strings = true;
  } else if (text == "numeric") {
    parts->numbers = true;
  } else if (text == "boolean") {
    parts->booleans = true;
  } else {
    return Refuse(absl::StrCat("wrong flag in flag array: \"", std::string(text), "\""),
                  kPossibleNames);
  }
  return absl::OkStatus();
}

// json as it is read; also jsonb, which is handed over piece by piece.
class PartSink : public types::JsonSink {
 public:
  PartSink(const JsonParts& parts, Tell tell) : parts_(parts), tell_(tell) {}
  absl::Status BeginObject() override { return absl::OkStatus(); }
  absl::Status EndObject() override { return absl::OkStatus(); }
  absl::Status BeginArray() override { return absl::OkStatus(); }
  absl::Status EndArray() override { return absl::OkStatus(); }
  absl::Status Key(View key) override { return parts_.keys ? tell_(key) : absl::OkStatus(); }
  absl::Status String(View text) override {
    return parts_.strings ? tell_(text) : absl::OkStatus();
  }
  absl::Status Number(View token) override {
    return parts_.numbers ? tell_(token) : absl::OkStatus();
  }
  absl::Status Bool(bool value) override {
    return parts_.booleans ? tell_(value ? "true" : "false") : absl::OkStatus();
  }
  absl::Status Null() override { return absl::OkStatus(); }

 private:
  const JsonParts parts_;
  const Tell tell_;
};

// Hands a value on with its strings changed.
class ChangingSink : public types::JsonSink {
 public:
  ChangingSink(types::JsonSink& next, Change change) : next_(next), change_(change) {}
  absl::Status BeginObject() override { return next_.BeginObject(); }
  absl::Status EndObject() override { return next_.EndObject(); }
  absl::Status BeginArray() override { return next_.BeginArray(); }
  absl::Status EndArray() override { return next_.EndArray(); }
  absl::Status Key(View key) override { return next_.Key(key); }
  absl::Status String(View text) override {
    ASSIGN_OR_RETURN(const std::string changed, change_(text));
    return next_.String(changed);
  }
  absl::Status Number(View token) override { return next_.Number(token); }
  absl::Status Bool(bool value) override { return next_.Bool(value); }
  absl::Status Null() override { return next_.Null(); }

 private:
  types::JsonSink& next_;
  const Change change_;
};

// Writes json without blanks.
class JsonWriter : public types::JsonSink {
 public:
  absl::Status BeginObject() override { return Open('{'); }
  absl::Status EndObject() override { return Close('}'); }
  absl::Status BeginArray() override { return Open('['); }
  absl::Status EndArray() override { return Close(']'); }
  absl::Status Key(View key) override {
    Separate();
    types::AppendJsonString(key, &text);
    text += ':';
    begins_ = true;
    return absl::OkStatus();
  }
  absl::Status String(View value) override {
    Separate();
    types::AppendJsonString(value, &text);
    return absl::OkStatus();
  }
  absl::Status Number(View token) override { return Plain(token); }
  absl::Status Bool(bool value) override { return Plain(value ? "true" : "false"); }
  absl::Status Null() override { return Plain("null"); }

  std::string text;

 private:
  void Separate() {
    if (!begins_) text += ',';
    begins_ = false;
  }
  absl::Status Open(char c) {
    Separate();
    text += c;
    begins_ = true;
    return absl::OkStatus();
  }
  absl::Status Close(char c) {
    text += c;
    begins_ = false;
    return absl::OkStatus();
  }
  absl::Status Plain(View token) {
    Separate();
    text += token;
    return absl::OkStatus();
  }

  bool begins_ = true;
};

// As deep as jsonb may be.
absl::Status Walk(const Jsonb& value, types::JsonSink& sink) {
  switch (value.kind()) {
    case JsonbKind::kNull:
      return sink.Null();
    case JsonbKind::kString:
      return sink.String(value.text());
    case JsonbKind::kBool:
      return sink.Bool(value.bool_value());
    case JsonbKind::kNumber: {
      std::string digits;
      types::FormatJsonb(value, false, &digits);
      return sink.Number(digits);
    }
    case JsonbKind::kArray:
      RETURN_IF_ERROR(sink.BeginArray());
      for (uint32_t i = 0; i < value.size(); ++i) RETURN_IF_ERROR(Walk(value.At(i), sink));
      return sink.EndArray();
    case JsonbKind::kObject:
      RETURN_IF_ERROR(sink.BeginObject());
      for (uint32_t i = 0; i < value.size(); ++i) {
        RETURN_IF_ERROR(sink.Key(value.Key(i)));
        RETURN_IF_ERROR(Walk(value.At(i), sink));
      }
      return sink.EndObject();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonParts> JsonPartsOf(View names) {
  const Jsonb value(names);
  JsonParts parts;
  if (value.kind() == JsonbKind::kObject)
    return Refuse("wrong flag type, only arrays and scalars are allowed");
  if (value.kind() != JsonbKind::kArray) {
    RETURN_IF_ERROR(AddPart(value, &parts));
    return parts;
  }
  for (uint32_t i = 0; i < value.size(); ++i) RETURN_IF_ERROR(AddPart(value.At(i), &parts));
  return parts;
}

absl::Status ForEachJsonPart(View document, TypeId type, const JsonParts& parts, Tell tell) {
  PartSink sink(parts, tell);
  return type == TypeId::kJsonb ? Walk(Jsonb(document), sink) : types::ReadJson(document, &sink);
}

absl::StatusOr<std::string> MapJsonStrings(View document, TypeId type, Change change) {
  if (type == TypeId::kJsonb) {
    types::JsonbBuilder builder;
    ChangingSink sink(builder, change);
    RETURN_IF_ERROR(Walk(Jsonb(document), sink));
    return builder.Take();
  }
  JsonWriter writer;
  ChangingSink sink(writer, change);
  RETURN_IF_ERROR(types::ReadJson(document, &sink));
  return std::move(writer.text);
}

}  // namespace adbms::sql::functions
