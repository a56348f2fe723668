// Types that users declare: enums, domains, composite types; and the shapes of rows. A definition
// is interned: equal ones have one address, which lives as long as the process, so that types
// compare and copy as numbers do. A changed definition is another one; about 200 bytes and 70 for
// each label stay behind (declared_type_test.cc). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/type.pb.h"
#include "common/types/type.h"

namespace adbms::types {

// Of a row.
struct CompositeField {
  std::string name;
  Type type;
};

struct DeclaredType {
  using Kind = common::v1::DeclaredType::Kind;

  // As it travels; never changes.
  common::v1::DeclaredType definition;
  // The id that its values have: kEnum, kRecord, or that of what the domain is over.
  TypeId id = TypeId::kUnspecified;
  Type base;     // Of a domain, and of a multirange: its range.
  Type subtype;  // Of a range.
  // Positions among the labels, by their texts and by what is stored for them.
  absl::flat_hash_map<std::string_view, int> by_name;
  absl::flat_hash_map<double, int> by_order;
  std::vector<CompositeField> fields;  // Of a row.
  int depth = 0;  // How many rows stand in one another: 1 for one of plain fields, 0 for no row.

  bool is_enum() const { return definition.kind() == common::v1::DeclaredType::KIND_ENUM; }
  bool is_domain() const { return definition.kind() == common::v1::DeclaredType::KIND_DOMAIN; }
  bool is_row() const { return definition.kind() == common::v1::DeclaredType::KIND_COMPOSITE; }
  bool is_range() const { return definition.kind() == common::v1::DeclaredType::KIND_RANGE; }
  bool is_multirange() const {
    return definition.kind() == common::v1::DeclaredType::KIND_MULTIRANGE;
  }
  // Of no name: what ROW(…) makes.
  bool is_anonymous() const;
};

// How deep rows may stand in one another. Definitions are embedded in one another as well, and
// messages cannot be nested without end.
inline constexpr int kMaxRowDepth = 16;
// As in PostgreSQL: fields of a row that is written, and of a type.
inline constexpr size_t kMaxRowFields = 1664;
inline constexpr size_t kMaxAttributes = 1600;

// The one address of the definition; null for one that is none: without kind, or a domain over
// nothing.
const DeclaredType* Intern(const common::v1::DeclaredType& definition);
// How many there are.
size_t InternedDefinitions();

// The type itself, without modifier but a domain's own. REQUIRES: declared != nullptr.
Type TypeOf(const DeclaredType* declared);
// The definition of the type itself, not of its elements; null for all others.
const DeclaredType* DeclarationOf(const Type& type);
bool IsEnum(const Type& type);
bool IsRow(const Type& type);
// An enum or an array of enums.
inline bool HoldsEnum(TypeId id) { return (IsArray(id) ? ElementOf(id) : id) == TypeId::kEnum; }
// A row or an array of rows.
inline bool HoldsRow(TypeId id) { return (IsArray(id) ? ElementOf(id) : id) == TypeId::kRecord; }
// A declared range or multirange, or an array of them.
inline bool HoldsDeclaredRange(TypeId id) {
  if (IsArray(id)) id = ElementOf(id);
  return id == TypeId::kRange || id == TypeId::kMultirange;
}
// One of these: of which Type::declared says more than the id.
inline bool HoldsDeclared(TypeId id) {
  return HoldsEnum(id) || HoldsRow(id) || HoldsDeclaredRange(id);
}
bool IsDomain(const Type& type);
// What a domain is over in the end; any other type is its own.
Type BaseOf(const Type& type);
// A type as operators and functions see it: no domain, and no array of domains.
Type WithoutDomain(const Type& type);
// The enum that values of the type, or of its elements, have labels of; null for none.
const DeclaredType* EnumOf(const Type& type);
// The row that values of the type, or of its elements, are; null for none, and for rows of which
// nothing is known.
const DeclaredType* CompositeOf(const Type& type);
// What values of the type, or of its elements, are: an enum, a row, a range, a multirange.
const DeclaredType* DefinitionOf(const Type& type);
// The multirange of a declared range, whose definition follows from that of the range.
Type DeclaredMultirangeOf(const DeclaredType& range);
// The anonymous row with these fields. Errors: 54001 for one that is too deep, 54011 for too many
// fields.
absl::StatusOr<Type> RowType(const std::vector<CompositeField>& fields);
// Whether `is` holds of what values of the type are made of in the end: elements of arrays, bounds
// of ranges, fields of rows. A row of which nothing is known may hold anything.
bool HoldsAny(const Type& type, bool (*is)(TypeId));
// Whether a value of the type has a domain's value in it, which it is not itself: elements of
// arrays, fields of rows, and what these and the base of a domain have in them.
bool HoldsDomain(const Type& type);
// The same type as it is read, before what is in it is held against the domains that it is of:
// these are then what they are over. A domain itself is, too.
Type Unchecked(const Type& type);

// What is stored for a label. Errors: 22P02; 55P04 for one that its own transaction may not use
// yet; 0A000 without a definition.
absl::StatusOr<double> ParseEnum(std::string_view label, const Type& type);
// The label of what is stored; a number where the definition has none.
void FormatEnum(double order, const Type& type, std::string* out);

// "name", in quotes where it must have them to be read again.
std::string QuotedName(std::string_view name);

}  // namespace adbms::types
