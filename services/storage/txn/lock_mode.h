// The modes in which tables and rows are locked, as PostgreSQL has them (chapter 13.3): which of
// them exclude each other, and what they are called.
#pragma once

#include <array>
#include <cstdint>

namespace adbms::storage::txn {

enum class LockMode : uint8_t {
  // Tables, and whatever else has an id or a name.
  kAccessShare,           // SELECT
  kRowShare,              // SELECT FOR UPDATE and its kin
  kRowExclusive,          // INSERT, UPDATE, DELETE
  kShareUpdateExclusive,  // an index build beside writers
  kShare,
  kShareRowExclusive,  // ADD FOREIGN KEY
  kExclusive,
  kAccessExclusive,  // ALTER TABLE, DROP, TRUNCATE
  // Rows.
  kForKeyShare,     // a foreign key's look at its parent
  kForShare,        // SELECT FOR SHARE
  kForNoKeyUpdate,  // an UPDATE that leaves the keys alone
  kForUpdate,       // DELETE, an UPDATE of a key
};
inline constexpr int kLockModes = 12;

using LockModes = uint16_t;  // A set: one bit for each mode.
constexpr LockModes Only(LockMode mode) { return LockModes(1u << static_cast<unsigned>(mode)); }

// The modes that exclude `mode` when somebody else holds them.
constexpr LockModes ConflictsWith(LockMode mode) {
  constexpr std::array<LockModes, kLockModes> kConflicts = {
      0b1000'0000,       // kAccessShare
      0b1100'0000,       // kRowShare
      0b1111'0000,       // kRowExclusive
      0b1111'1000,       // kShareUpdateExclusive
      0b1110'1100,       // kShare
      0b1111'1100,       // kShareRowExclusive
      0b1111'1110,       // kExclusive
      0b1111'1111,       // kAccessExclusive
      0b1000'0000'0000,  // kForKeyShare
      0b1100'0000'0000,  // kForShare
      0b1110'0000'0000,  // kForNoKeyUpdate
      0b1111'0000'0000,  // kForUpdate
  };
  return kConflicts[static_cast<unsigned>(mode)];
}

// Whether whoever holds `held` has no need of `mode`: one of them excludes at least as much.
constexpr bool Covers(LockModes held, LockMode mode) {
  if ((held & Only(mode)) != 0) return true;
  const LockModes wanted = ConflictsWith(mode);
  const unsigned first = mode < LockMode::kForKeyShare ? 0 : 8;
  const unsigned last = mode < LockMode::kForKeyShare ? 8 : kLockModes;
  for (unsigned i = first; i < last; ++i) {
    const LockMode other = static_cast<LockMode>(i);
    if ((held & Only(other)) != 0 && (ConflictsWith(other) & wanted) == wanted) return true;
  }
  return false;
}

// As pg_locks and the details of a deadlock name it.
constexpr const char* NameOf(LockMode mode) {
  constexpr std::array<const char*, kLockModes> kNames = {
      "AccessShareLock",  "RowShareLock",
      "RowExclusiveLock", "ShareUpdateExclusiveLock",
      "ShareLock",        "ShareRowExclusiveLock",
      "ExclusiveLock",    "AccessExclusiveLock",
      "ForKeyShare",      "ForShare",
      "ForNoKeyUpdate",   "ForUpdate"};
  return kNames[static_cast<unsigned>(mode)];
}

}  // namespace adbms::storage::txn
