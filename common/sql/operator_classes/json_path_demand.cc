#include "common/sql/operator_classes/json_path_demand.h"

#include <optional>

#include "common/sql/operator_classes/jsonb_scalar.h"
#include "common/sql/partition/partition_hash.h"
#include "common/types/jsonpath.h"

namespace adbms::sql {
namespace {

using types::Jsonb;
using types::JsonbTag;
using types::JsonbTagByte;
using types::Jsonpath;
using types::JsonpathNode;
using types::JsonpathOp;

// Where in a value a path has come; `known` false: anywhere.
struct Place {
  JsonPathHash hash;
  bool known = true;
};

class PathReader {
 public:
  PathReader(const Jsonpath& path, bool paths, ItemSink* sink)
      : path_(path), paths_(paths), sink_(sink) {}

  // A condition that is true of a value whose `@` is at `here`.
  void Condition(int32_t node, const Place& here) {
    const JsonpathNode& condition = path_.at(node);
    if (condition.next >= 0) return;
    switch (condition.op) {
      case JsonpathOp::kAnd:
        Condition(condition.left, here);
        Condition(condition.right, here);
        return;
      case JsonpathOp::kEqual:
        Equal(condition.left, condition.right, here);
        Equal(condition.right, condition.left, here);
        return;
      case JsonpathOp::kNotEqual:
      case JsonpathOp::kLess:
      case JsonpathOp::kGreater:
      case JsonpathOp::kLessOrEqual:
      case JsonpathOp::kGreaterOrEqual:
        Walk(condition.left, here);
        Walk(condition.right, here);
        return;
      case JsonpathOp::kStartsWith:
      case JsonpathOp::kLikeRegex:
      case JsonpathOp::kExists:
        Walk(condition.left, here);
        return;
      default:
        return;
    }
  }

  // Follows accessors to something that is there; nothing where it is another expression, or what
  // it yields is not a part of the value.
  std::optional<Place> Walk(int32_t node, const Place& here) {
    const JsonpathNode& first = path_.at(node);
    if (first.op != JsonpathOp::kRoot && first.op != JsonpathOp::kCurrent) return std::nullopt;
    Place at = first.op == JsonpathOp::kRoot ? Place() : here;
    for (int32_t next = first.next; next >= 0; next = path_.at(next).next) {
      const JsonpathNode& step = path_.at(next);
      switch (step.op) {
        case JsonpathOp::kMember:
          if (!paths_) sink_->Add(kJsonKey, step.text);
          at.hash = at.hash.Under(step.text);
          break;
        case JsonpathOp::kAnyElement:
        case JsonpathOp::kElements:
          break;
        case JsonpathOp::kAnyMember:
        case JsonpathOp::kAnyLevel:
          at.known = false;
          break;
        case JsonpathOp::kFilter:
          Condition(step.left, at);
          break;
        default:
          return std::nullopt;
      }
    }
    return at;
  }

 private:
  void Equal(int32_t side, int32_t other, const Place& here) {
    const std::optional<Place> at = Walk(side, here);
    const JsonpathNode& scalar = path_.at(other);
    if (!at.has_value() || scalar.next >= 0) return;
    std::string bytes;
    switch (scalar.op) {
      case JsonpathOp::kNull:
        bytes.push_back(JsonbTagByte(JsonbTag::kNull));
        break;
      case JsonpathOp::kBool:
        bytes.push_back(JsonbTagByte(scalar.flag ? JsonbTag::kTrue : JsonbTag::kFalse));
        break;
      case JsonpathOp::kNumber:
        bytes = scalar.text;
        break;
      case JsonpathOp::kString:
        // As a value it is one item, as an array's element another.
        if (!paths_) return;
        bytes = scalar.text;
        bytes.push_back(JsonbTagByte(JsonbTag::kString));
        break;
      default:
        return;
    }
    const Jsonb value(bytes);
    if (paths_) {
      if (at->known) at->hash.AddScalar(value, sink_);
      return;
    }
    std::string item;
    JsonScalarBytes(value, &item);
    sink_->Add(JsonScalarKind(value), item);
  }

  const Jsonpath& path_;
  const bool paths_;
  ItemSink* const sink_;
};

}  // namespace

JsonPathHash JsonPathHash::Under(std::string_view key) const {
  JsonPathHash under;
  under.hash_ = partition::HashBytes(key, hash_ + 1);
  return under;
}

void JsonPathHash::AddScalar(const Jsonb& scalar, ItemSink* sink) const {
  std::string bytes;
  JsonScalarBytes(scalar, &bytes);
  bytes.push_back(JsonScalarKind(scalar));
  const uint64_t hash = partition::HashBytes(bytes, hash_);
  char item[sizeof(hash)];
  for (size_t i = 0; i < sizeof(hash); ++i) item[i] = static_cast<char>(hash >> (8 * i));
  sink->Add(kJsonPath, {item, sizeof(hash)});
}

ItemDemand JsonPathDemand(std::string_view path, bool matches, bool paths, ItemSink* sink) {
  const absl::StatusOr<Jsonpath> parsed = types::ParseJsonpath(path);
  if (!parsed.ok()) return {ItemDemand::Kind::kEverything};
  PathReader reader(*parsed, paths, sink);
  reader.Walk(parsed->root, {});
  // A condition always yields something, which is all that `@?` asks for.
  if (matches) reader.Condition(parsed->root, {});
  return {ItemDemand::Kind::kEvery};
}

}  // namespace adbms::sql
