#include "common/types/declared_type.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"
#include "common/types/range.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

struct Definitions {
  absl::Mutex mutex;
  // By their bytes.
  absl::flat_hash_map<std::string, std::unique_ptr<const DeclaredType>> known
      ABSL_GUARDED_BY(mutex);
};

Definitions& AllDefinitions() {
  static auto* const definitions = new Definitions();
  return *definitions;
}

bool IsDefinition(const common::v1::DeclaredType& definition, int depth = 0) {
  constexpr int kMaxDepth = 32;
  switch (definition.kind()) {
    case common::v1::DeclaredType::KIND_ENUM:
      return true;
    case common::v1::DeclaredType::KIND_COMPOSITE:
      return depth < kMaxDepth &&
             std::all_of(definition.fields().begin(), definition.fields().end(),
                         [depth](const common::v1::CompositeField& field) {
                           return field.type().id() != common::v1::TYPE_ID_UNSPECIFIED &&
                                  (!field.type().has_declared() ||
                                   IsDefinition(field.type().declared(), depth + 1));
                         });
    case common::v1::DeclaredType::KIND_RANGE:
      return depth < kMaxDepth && definition.range().has_subtype() &&
             definition.range().subtype().id() != common::v1::TYPE_ID_UNSPECIFIED &&
             (!definition.range().subtype().has_declared() ||
              IsDefinition(definition.range().subtype().declared(), depth + 1));
    case common::v1::DeclaredType::KIND_MULTIRANGE:
      if (definition.base().declared().kind() != common::v1::DeclaredType::KIND_RANGE) return false;
      [[fallthrough]];
    case common::v1::DeclaredType::KIND_DOMAIN:
      return depth < kMaxDepth && definition.has_base() &&
             definition.base().id() != common::v1::TYPE_ID_UNSPECIFIED &&
             (!definition.base().has_declared() ||
              IsDefinition(definition.base().declared(), depth + 1));
    default:
      return false;
  }
}

// REQUIRES: IsDefinition.
std::unique_ptr<const DeclaredType> Made(const common::v1::DeclaredType& definition) {
  auto made = std::make_unique<DeclaredType>();
  made->definition = definition;
  made->id = TypeId::kEnum;
  if (made->is_domain()) {
    made->base = FromProto(definition.base());
    made->id = made->base.id;
  }
  if (made->is_range()) {
    made->id = TypeId::kRange;
    made->subtype = FromProto(definition.range().subtype());
  }
  if (made->is_multirange()) {
    made->id = TypeId::kMultirange;
    made->base = FromProto(definition.base());
  }
  if (made->is_row()) {
    made->id = TypeId::kRecord;
    made->depth = 1;
    for (const common::v1::CompositeField& field : made->definition.fields()) {
      const Type type = FromProto(field.type());
      const DeclaredType* const inner = CompositeOf(type);
      if (inner != nullptr) made->depth = std::max(made->depth, inner->depth + 1);
      made->fields.push_back({field.name(), type});
    }
  }
  for (int i = 0; i < made->definition.labels_size(); ++i) {
    const common::v1::EnumLabel& label = made->definition.labels(i);
    made->by_name.emplace(label.name(), i);
    made->by_order.emplace(label.sort_order(), i);
  }
  return made;
}

}  // namespace

const DeclaredType* Intern(const common::v1::DeclaredType& definition) {
  if (!IsDefinition(definition)) return nullptr;
  std::string bytes = definition.SerializeAsString();
  Definitions& all = AllDefinitions();
  {
    absl::ReaderMutexLock lock(&all.mutex);
    const auto found = all.known.find(bytes);
    if (found != all.known.end()) return found->second.get();
  }
  // Outside of the lock: a domain's base is interned meanwhile.
  std::unique_ptr<const DeclaredType> made = Made(definition);
  absl::MutexLock lock(&all.mutex);
  return all.known.try_emplace(std::move(bytes), std::move(made)).first->second.get();
}

size_t InternedDefinitions() {
  Definitions& all = AllDefinitions();
  absl::ReaderMutexLock lock(&all.mutex);
  return all.known.size();
}

Type TypeOf(const DeclaredType* declared) {
  const bool domain = declared->definition.kind() == common::v1::DeclaredType::KIND_DOMAIN;
  return {declared->id, declared->base.modifier, declared,
          domain ? declared->base.collation : kDefaultCollation};
}

Type DeclaredMultirangeOf(const DeclaredType& range) {
  const common::v1::RangeDefinition& of = range.definition.range();
  common::v1::DeclaredType definition;
  definition.set_kind(common::v1::DeclaredType::KIND_MULTIRANGE);
  definition.set_oid(of.multirange_oid());
  definition.set_array_oid(of.multirange_array_oid());
  definition.set_schema(of.multirange_schema());
  definition.set_name(of.multirange_name());
  definition.set_array_name(of.multirange_array_name());
  *definition.mutable_base() = ToProto(TypeOf(&range));
  return TypeOf(Intern(definition));
}

const DeclaredType* DeclarationOf(const Type& type) {
  return type.declared != nullptr && type.declared->id == type.id ? type.declared : nullptr;
}

bool DeclaredType::is_anonymous() const {
  return is_row() && definition.oid() == OidOf(TypeId::kRecord);
}

bool IsEnum(const Type& type) { return type.id == TypeId::kEnum; }

bool IsRow(const Type& type) { return type.id == TypeId::kRecord; }

bool IsDomain(const Type& type) {
  const DeclaredType* declared = DeclarationOf(type);
  return declared != nullptr && declared->is_domain();
}

Type BaseOf(const Type& type) {
  Type result = type;
  while (IsDomain(result)) result = result.declared->base;
  return result;
}

Type WithoutDomain(const Type& type) {
  if (type.declared == nullptr || !type.declared->is_domain()) return type;
  if (IsDomain(type)) return BaseOf(type);
  // Of an array of domains: the same of what the elements are.
  Type element = WithoutDomain(type.declared->base);
  return {type.id, type.modifier, element.declared};
}

const DeclaredType* DefinitionOf(const Type& type) {
  const DeclaredType* declared = type.declared;
  while (declared != nullptr && declared->is_domain()) declared = declared->base.declared;
  return declared;
}

const DeclaredType* EnumOf(const Type& type) {
  const DeclaredType* const declared = DefinitionOf(type);
  return declared != nullptr && declared->is_enum() ? declared : nullptr;
}

const DeclaredType* CompositeOf(const Type& type) {
  const DeclaredType* const declared = DefinitionOf(type);
  return declared != nullptr && declared->is_row() ? declared : nullptr;
}

absl::StatusOr<Type> RowType(const std::vector<CompositeField>& fields) {
  if (fields.size() > kMaxRowFields)
    return status::Error(
        "54011", "ROW expressions can have at most " + std::to_string(kMaxRowFields) + " entries");
  common::v1::DeclaredType definition;
  definition.set_kind(common::v1::DeclaredType::KIND_COMPOSITE);
  definition.set_oid(OidOf(TypeId::kRecord));
  definition.set_array_oid(OidOf(ArrayOf(TypeId::kRecord)));
  definition.set_schema("pg_catalog");
  definition.set_name("record");
  definition.set_array_name("_record");
  for (const CompositeField& field : fields) {
    const DeclaredType* const inner = CompositeOf(field.type);
    if (inner != nullptr && inner->depth >= kMaxRowDepth)
      return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                           "Rows can be nested " + std::to_string(kMaxRowDepth) + " deep.");
    common::v1::CompositeField* const added = definition.add_fields();
    added->set_name(field.name);
    *added->mutable_type() = ToProto(field.type);
  }
  return TypeOf(Intern(definition));
}

bool HoldsAny(const Type& type, bool (*is)(TypeId)) {
  if (IsArray(type.id)) return HoldsAny(ElementOf(type), is);
  if (IsRange(type.id) || IsMultirange(type.id)) {
    const Type bound = BoundOf(type);
    return bound.id == TypeId::kUnspecified || HoldsAny(bound, is);
  }
  if (type.id != TypeId::kRecord) return is(type.id);
  const DeclaredType* const row = CompositeOf(type);
  return row == nullptr ||
         std::any_of(row->fields.begin(), row->fields.end(),
                     [is](const CompositeField& field) { return HoldsAny(field.type, is); });
}

namespace {

bool IsOrHoldsDomain(const Type& type) { return IsDomain(type) || HoldsDomain(type); }

Type UncheckedRow(const DeclaredType& row) {
  common::v1::DeclaredType definition = row.definition;
  for (int i = 0; i < definition.fields_size(); ++i)
    *definition.mutable_fields(i)->mutable_type() =
        ToProto(Unchecked(row.fields[static_cast<size_t>(i)].type));
  return TypeOf(Intern(definition));
}

Type UncheckedRange(const DeclaredType& range) {
  common::v1::DeclaredType definition = range.definition;
  *definition.mutable_range()->mutable_subtype() = ToProto(Unchecked(range.subtype));
  return TypeOf(Intern(definition));
}

}  // namespace

bool HoldsDomain(const Type& type) {
  const Type base = BaseOf(type);
  if (base.declared == nullptr) return false;
  if (IsArray(base.id)) return IsOrHoldsDomain(ElementOf(base));
  const DeclaredType& declared = *base.declared;
  if (declared.is_range()) return IsOrHoldsDomain(declared.subtype);
  if (declared.is_multirange()) return HoldsDomain(declared.base);
  return std::any_of(declared.fields.begin(), declared.fields.end(),
                     [](const CompositeField& field) { return IsOrHoldsDomain(field.type); });
}

Type Unchecked(const Type& type) {
  const Type base = BaseOf(type);
  if (!HoldsDomain(base)) return base;
  if (IsArray(base.id)) return ArrayOf(Unchecked(ElementOf(base)));
  if (base.declared->is_range()) return UncheckedRange(*base.declared);
  if (base.declared->is_multirange())
    return DeclaredMultirangeOf(*UncheckedRange(*base.declared->base.declared).declared);
  return UncheckedRow(*base.declared);
}

absl::StatusOr<double> ParseEnum(std::string_view label, const Type& type) {
  const DeclaredType* const declared = EnumOf(type);
  if (declared == nullptr)
    return status::Error(sqlstate::kFeatureNotSupported, "cannot accept a value of type anyenum");
  const auto found = declared->by_name.find(label);
  if (found == declared->by_name.end())
    return status::Error(sqlstate::kInvalidTextRepresentation,
                         "invalid input value for enum " + Format(TypeOf(declared)) + ": \"" +
                             std::string(label) + "\"");
  const common::v1::EnumLabel& known = declared->definition.labels(found->second);
  if (known.uncommitted())
    return status::Error(
        "55P04",
        "unsafe use of new value \"" + known.name() + "\" of enum type " + Format(TypeOf(declared)),
        {}, "New enum values must be committed before they can be used.");
  return known.sort_order();
}

void FormatEnum(double order, const Type& type, std::string* out) {
  const DeclaredType* const declared = EnumOf(type);
  if (declared != nullptr) {
    const auto found = declared->by_order.find(order);
    if (found != declared->by_order.end()) {
      out->append(declared->definition.labels(found->second).name());
      return;
    }
  }
  FormatFloat8(order, 1, out);
}

std::string QuotedName(std::string_view name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (const char c : name)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  if (plain) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace adbms::types
