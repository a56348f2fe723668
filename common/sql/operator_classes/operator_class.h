// Operator classes of inverted indexes: what the items of a value are, and which items an operator
// asks for. A class is one file, and one row of the table in operator_classes.cc. Pure functions;
// the table is constant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/types/value.h"
#include "common/types/vector.h"

namespace adbms::sql {

// Takes items, of which the same may come more than once.
class ItemSink {
 public:
  virtual ~ItemSink() = default;
  // Bytes; the same bytes of another kind are another item. Kinds are the class's own letters.
  virtual void Add(char kind, std::string_view bytes) = 0;
  // A value: equal ones, by their type's equality, are one item.
  virtual void AddValue(const types::Vector& values, uint32_t row) = 0;
  // Of a demand: any item of the kind whose bytes begin so, as one item.
  virtual void AddPrefix(char kind, std::string_view bytes) = 0;
  // What stands in the index for values that have no items.
  virtual void AddEmpty() = 0;
};

// What holds for the items of every value for which an operator is true. What has these items is a
// candidate: whether the operator is true for it is seen from the value itself.
struct ItemDemand {
  enum class Kind : uint8_t {
    kNothing,     // There is no such value.
    kEverything,  // Nothing is known: all values are candidates.
    kEvery,       // Has all the items that were added; none added: everything.
    kAny,         // Has at least one of them; none added: nothing.
    kShare,       // Has at least `share` of them, rounded up, at least one.
  };
  Kind kind = Kind::kEverything;
  double share = 1;
};

struct OperatorClass {
  // As IndexDescriptor.operator_classes names it; unique.
  std::string_view name;
  // PostgreSQL's name, unique in the access method.
  std::string_view catalog_name;
  // Of PostgreSQL: gin, gist.
  std::string_view access_method;
  // In pg_opclass: its oid, its family's, and those of the types of keys and of items.
  uint32_t oid = 0;
  uint32_t family_oid = 0;
  uint32_t input_oid = 0;
  uint32_t key_oid = 0;
  // Whether keys of the type can have it.
  bool (*accepts)(const types::Type& type) = nullptr;
  // Whether it is the one of such keys that name none.
  bool is_default = false;
  // Of pg_trgm, not of PostgreSQL itself.
  bool of_extension = false;
  // Names of operators, with the key on their left.
  std::span<const std::string_view> operators;
  // Whether the operator's right operand, beside a key of the one type, can be of the other.
  bool (*takes)(std::string_view name, const types::Type& key,
                const types::Type& operand) = nullptr;
  // Adds the items of a row's value, which is not NULL.
  void (*items_of)(const types::Vector& values, uint32_t row, ItemSink* sink) = nullptr;
  // Adds the items that the operator asks for. `operand` is not NULL.
  ItemDemand (*demand_of)(std::string_view name, const types::Value& operand,
                          ItemSink* sink) = nullptr;

  bool Has(std::string_view operator_name) const;
};

// The class of this catalog_name for indexes of the access method; null: there is none.
const OperatorClass* FindOperatorClass(std::string_view access_method, std::string_view name);
// By OperatorClass.name.
const OperatorClass* FindOperatorClass(std::string_view name);
// What keys of the type have where none is named; null: there is none.
const OperatorClass* DefaultOperatorClass(std::string_view access_method, const types::Type& type);
std::span<const OperatorClass> OperatorClasses();

}  // namespace adbms::sql
