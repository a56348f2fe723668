// The classes' functions, for the table of them.
#pragma once

#include "common/sql/operator_classes/operator_class.h"

namespace adbms::sql {

bool IsJsonb(const types::Type& type);
bool JsonbTakes(std::string_view name, const types::Type& key, const types::Type& operand);
void JsonbItems(const types::Vector& values, uint32_t row, ItemSink* sink);
ItemDemand JsonbDemand(std::string_view name, const types::Value& operand, ItemSink* sink);
void JsonbPathItems(const types::Vector& values, uint32_t row, ItemSink* sink);
ItemDemand JsonbPathDemand(std::string_view name, const types::Value& operand, ItemSink* sink);

// Arrays whose elements have an order, and so a key's form.
bool IsArrayOfKeys(const types::Type& type);
bool ArrayTakes(std::string_view name, const types::Type& key, const types::Type& operand);
void ArrayItems(const types::Vector& values, uint32_t row, ItemSink* sink);
ItemDemand ArrayDemand(std::string_view name, const types::Value& operand, ItemSink* sink);

bool IsText(const types::Type& type);
bool TrigramTakes(std::string_view name, const types::Type& key, const types::Type& operand);
void TrigramItems(const types::Vector& values, uint32_t row, ItemSink* sink);
ItemDemand TrigramDemand(std::string_view name, const types::Value& operand, ItemSink* sink);

bool IsTsVector(const types::Type& type);
bool TsVectorTakes(std::string_view name, const types::Type& key, const types::Type& operand);
void TsVectorItems(const types::Vector& values, uint32_t row, ItemSink* sink);
ItemDemand TsVectorDemand(std::string_view name, const types::Value& operand, ItemSink* sink);

}  // namespace adbms::sql
