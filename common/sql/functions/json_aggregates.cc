// json_agg, json_object_agg and the same for jsonb. What depends on settings, which aggregates do
// not see, the binder makes json, and texts where it is a key, before (DependsOnSettings).
#include "common/sql/functions/aggregate_state.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_values.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using types::JsonbBuilder;
using types::TypeId;
using types::Vector;
using View = std::string_view;

// What the rows add: string arguments, and what is put around them.
int64_t BytesOfRows(const std::vector<const Vector*>& arguments, uint32_t rows) {
  int64_t bytes = 0;
  for (const Vector* argument : arguments) {
    for (uint32_t row = 0; row < rows; ++row) {
      bytes += 64;
      if (argument->has_strings() && !argument->is_null(row)) {
        bytes += static_cast<int64_t>(3 * argument->string(row).size());
      }
    }
  }
  return bytes;
}

absl::Status NullName() {
  return status::Error(status::sqlstate::kInvalidParameterValue, "field name must not be null");
}

struct TextJson {
  using Content = std::string;
  static absl::Status Begin(Content& content, bool object) {
    content = object ? "{ " : "[";
    return absl::OkStatus();
  }
  static absl::Status Key(Content& content, View key) {
    if (content.size() > 2) content += ", ";
    types::AppendJsonString(key, &content);
    content += " : ";
    return absl::OkStatus();
  }
  static void Separate(Content& content, TypeId type) {
    const bool container = types::IsArray(type) || type == TypeId::kRecord;
    if (content.size() > 1) content += container ? ", \n " : ", ";
  }
  static absl::Status Value(Content& content, const Vector& values, uint32_t row) {
    RETURN_IF_ERROR(AppendAsJson(values, row, types::TextOptions{}, &content));
    return content.size() > types::kLargestText ? types::TooLong(content.size()) : absl::OkStatus();
  }
  static absl::StatusOr<std::string> End(Content& content, bool object) {
    return content + (object ? " }" : "]");
  }
};

// Of json that is known to be arrays or objects.
struct ContainerJson : TextJson {
  static void Separate(Content& content, TypeId) {
    if (content.size() > 1) content += ", \n ";
  }
};

struct BinaryJson {
  using Content = JsonbBuilder;
  static absl::Status Begin(Content& content, bool object) {
    return object ? content.BeginObject() : content.BeginArray();
  }
  static absl::Status Key(Content& content, View key) { return content.Key(key); }
  static void Separate(Content&, TypeId) {}
  static absl::Status Value(Content& content, const Vector& values, uint32_t row) {
    return AddAsJsonb(values, row, types::TextOptions{}, &content);
  }
  static absl::StatusOr<std::string> End(Content& content, bool object) {
    RETURN_IF_ERROR(object ? content.EndObject() : content.EndArray());
    return content.Take();
  }
};

template <typename Json, bool kObject>
class JsonAggregate : public Aggregate {
 public:
  struct State {
    typename Json::Content* content;
  };

  size_t state_size() const override { return sizeof(State); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(State)); }
  absl::Status Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    const Vector& values = *arguments.back();
    for (uint32_t row = 0; row < rows; ++row) {
      auto& state = *reinterpret_cast<State*>(states[row]);
      if (state.content == nullptr) {
        state.content = new typename Json::Content();
        RETURN_IF_ERROR(Json::Begin(*state.content, kObject));
      }
      if (kObject) {
        if (arguments[0]->is_null(row)) return NullName();
        ASSIGN_OR_RETURN(const std::string key,
                         AsJsonKey(*arguments[0], row, types::TextOptions{}));
        RETURN_IF_ERROR(Json::Key(*state.content, key));
      } else {
        Json::Separate(*state.content, values.type().id);
      }
      RETURN_IF_ERROR(Json::Value(*state.content, values, row));
    }
    return absl::OkStatus();
  }
  int64_t GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    return BytesOfRows(arguments, rows);
  }
  absl::Status Finalize(const char* bytes, Vector* result, uint32_t row) const override {
    const auto& state = *reinterpret_cast<const State*>(bytes);
    if (state.content == nullptr) {
      result->SetNull(row);
      return absl::OkStatus();
    }
    // A copy: a state may be asked again.
    typename Json::Content content = *state.content;
    ASSIGN_OR_RETURN(const std::string json, Json::End(content, kObject));
    result->data<View>()[row] = result->arena()->Add(json);
    return absl::OkStatus();
  }
  void Destroy(char* bytes) const override {
    auto& state = *reinterpret_cast<State*>(bytes);
    delete state.content;
    state.content = nullptr;
  }
};

}  // namespace

void AddJsonAggregates(CatalogBuilder& builder) {
  const TypeId json = TypeId::kJson;
  const TypeId jsonb = TypeId::kJsonb;
  const TypeId any = TypeId::kUnspecified;
  builder.AddAggregate("json_agg", {any}, json, Make<JsonAggregate<TextJson, false>>);
  builder.AddAggregate(kJsonAggOfContainers, {json}, json,
                       Make<JsonAggregate<ContainerJson, false>>);
  builder.AddAggregate("jsonb_agg", {any}, jsonb, Make<JsonAggregate<BinaryJson, false>>);
  builder.AddAggregate("json_object_agg", {any, any}, json, Make<JsonAggregate<TextJson, true>>);
  builder.AddAggregate("jsonb_object_agg", {any, any}, jsonb,
                       Make<JsonAggregate<BinaryJson, true>>);
}

}  // namespace adbms::sql::functions
