// PostgreSQL's wording of violated constraints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::txn {

// "(1, abc, null)": the row as error details show it, live columns only.
std::string DescribeRow(const catalog::TableEntry& table, codec::Columns columns, uint32_t row);
// "(a, b)=(1, x)".
std::string DescribeKey(const catalog::TableEntry& table, const std::vector<uint32_t>& ordinals,
                        codec::Columns columns, uint32_t row);

absl::Status UniqueViolation(const catalog::TableEntry& table, std::string_view constraint,
                             const std::vector<uint32_t>& ordinals, codec::Columns columns,
                             uint32_t row);
// 23P01: two rows, one of which was stored. `building`: the constraint is new, and both were there.
absl::Status ExclusionViolation(const catalog::TableEntry& table, std::string_view constraint,
                                const std::vector<uint32_t>& ordinals, codec::Columns stored,
                                codec::Columns other, bool building);
absl::Status NotNullViolation(const catalog::TableEntry& table, uint32_t ordinal,
                              codec::Columns columns, uint32_t row);
absl::Status CheckViolation(const catalog::TableEntry& table, const std::string& constraint,
                            codec::Columns columns, uint32_t row);
// 44000: the view would not show the row.
absl::Status ViewCheckViolation(const catalog::TableEntry& table, const std::string& view,
                                codec::Columns columns, uint32_t row);
// 54000: the key is longer than a key may be.
absl::Status CheckKeySize(std::string_view key, std::string_view relation);

}  // namespace adbms::storage::txn
