// Collations: how strings are ordered and how their case changes. A definition is interned: equal
// ones have one number, which lives as long as the process. Thread-safe.
//
// A comparison under a collation is one of sort keys: the binder makes `a < b` of texts in ICU's
// order `collation_key(a, …) < collation_key(b, …)` of bytes, so that whatever compares, sorts,
// groups or indexes bytes knows nothing of collations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/type.pb.h"
#include "common/types/type.h"

namespace adbms::types {

// The number of the definition; that of the database's own order for one without provider, and
// kUnknownCollation where there are more than numbers (32,766 in the life of a process).
CollationId Intern(const common::v1::Collation& definition);

// None that could be told: two columns' collations meet.
inline constexpr CollationId kUnknownCollation = 0x7fff;
// An expression's that COLLATE says, while it is bound: it goes before those of columns.
constexpr CollationId Explicit(CollationId id) { return id | 0x8000; }
constexpr bool IsExplicit(CollationId id) { return (id & 0x8000) != 0; }
constexpr CollationId Plain(CollationId id) { return id & 0x7fff; }
// That of what is made of both: what COLLATE says, else what is not the default; unknown where two
// columns differ, or two COLLATE.
CollationId CommonCollation(CollationId a, CollationId b);

// The definition; null for kDefaultCollation and kUnknownCollation. Lives as long as the process.
const common::v1::Collation* DefinitionOf(CollationId id);

// Whether strings are ordered otherwise than by their bytes.
bool IsIcu(CollationId id);
bool IsNondeterministic(CollationId id);

// The collations that every database has: "C", "POSIX", "ucs_basic", "C.UTF-8", and one of ICU for
// each locale that it knows, "sv-x-icu", "und-x-icu". By their names in pg_catalog, with their
// oids.
const std::vector<common::v1::Collation>& BuiltInCollations();
const common::v1::Collation* FindBuiltInCollation(std::string_view name);

// What ICU makes of a locale's name; 22023 where it makes nothing of it.
absl::Status CheckLocale(const std::string& locale);
// The version of ICU's rules for the locale, as pg_collation.collversion has it.
std::string VersionOf(const std::string& locale);

// The sort key of valid UTF-8 in ICU's order: keys compare as bytes as the strings do. Of a
// deterministic collation the string itself breaks ties, behind a zero byte, the only one in front
// of it, so that keys are the same only for the same strings. Appended to `key`. 22023 for a locale
// that ICU does not know.
absl::Status AppendSortKey(std::string_view text, const std::string& locale, bool nondeterministic,
                           std::string* key);

// lower(), upper() and initcap() by the locale's rules.
enum class CaseChange { kLower, kUpper, kTitle };
absl::StatusOr<std::string> ChangeCase(std::string_view text, const std::string& locale,
                                       CaseChange change);

}  // namespace adbms::types
