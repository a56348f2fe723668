#include "common/types/collation.h"

#include <unicode/ucasemap.h>
#include <unicode/ucol.h>
#include <unicode/uiter.h>
#include <unicode/uloc.h>
#include <unicode/uversion.h>

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

using common::v1::Collation;

struct Interned {
  absl::Mutex mutex;
  // A deque keeps addresses; [i] is number i + 1.
  std::deque<Collation> all ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<std::string, CollationId> known ABSL_GUARDED_BY(mutex);
};

Interned& AllInterned() {
  static Interned& all = *new Interned;
  return all;
}

struct CloseCollator {
  void operator()(UCollator* collator) const { ucol_close(collator); }
};
using Collator = std::unique_ptr<UCollator, CloseCollator>;

struct CloseCaseMap {
  void operator()(UCaseMap* map) const { ucasemap_close(map); }
};
using CaseMap = std::unique_ptr<UCaseMap, CloseCaseMap>;

absl::Status NoCollator(const std::string& locale, UErrorCode error) {
  return status::Error(
      status::sqlstate::kInvalidParameterValue,
      absl::StrCat("could not open collator for locale \"", locale, "\": ", u_errorName(error)));
}

absl::StatusOr<Collator> Open(const std::string& locale) {
  UErrorCode error = U_ZERO_ERROR;
  Collator collator(ucol_open(locale.c_str(), &error));
  if (U_FAILURE(error) || collator == nullptr) return NoCollator(locale, error);
  return collator;
}

// Opening takes far longer than a key, and a collator serves one thread at a time. A statement
// names few locales; the cache of a thread that has seen very many begins anew.
constexpr size_t kMaxOpen = 64;

template <typename Opened>
absl::StatusOr<const Opened*> Cached(const std::string& locale,
                                     absl::StatusOr<Opened> (*open)(const std::string&)) {
  thread_local std::unordered_map<std::string, Opened> cache;
  const auto found = cache.find(locale);
  if (found != cache.end()) return &found->second;
  ASSIGN_OR_RETURN(Opened made, open(locale));
  if (cache.size() >= kMaxOpen) cache.clear();
  return &cache.emplace(locale, std::move(made)).first->second;
}

absl::StatusOr<CaseMap> OpenCaseMap(const std::string& locale) {
  UErrorCode error = U_ZERO_ERROR;
  CaseMap map(ucasemap_open(locale.c_str(), U_FOLD_CASE_DEFAULT, &error));
  if (U_FAILURE(error) || map == nullptr) return NoCollator(locale, error);
  return map;
}

Collation BuiltIn(uint32_t oid, std::string name, Collation::Provider provider,
                  std::string locale) {
  Collation result;
  result.set_oid(oid);
  result.set_schema("pg_catalog");
  result.set_name(std::move(name));
  result.set_provider(provider);
  result.set_locale(std::move(locale));
  return result;
}

std::vector<Collation> MakeBuiltIn() {
  std::vector<Collation> result;
  result.push_back(BuiltIn(950, "C", Collation::PROVIDER_BYTES, "C"));
  result.push_back(BuiltIn(951, "POSIX", Collation::PROVIDER_BYTES, "POSIX"));
  uint32_t oid = 12340;
  result.push_back(BuiltIn(oid++, "ucs_basic", Collation::PROVIDER_BYTES, "C"));
  result.push_back(BuiltIn(oid++, "C.utf8", Collation::PROVIDER_BYTES, "C.utf8"));
  result.push_back(BuiltIn(oid++, "und-x-icu", Collation::PROVIDER_ICU, "und"));
  const int32_t count = uloc_countAvailable();
  for (int32_t i = 0; i < count; ++i) {
    char tag[ULOC_FULLNAME_CAPACITY];
    UErrorCode error = U_ZERO_ERROR;
    const int32_t length =
        uloc_toLanguageTag(uloc_getAvailable(i), tag, sizeof(tag), /*strict=*/true, &error);
    if (U_FAILURE(error) || length >= static_cast<int32_t>(sizeof(tag))) continue;
    result.push_back(BuiltIn(oid++, absl::StrCat(tag, "-x-icu"), Collation::PROVIDER_ICU, tag));
  }
  return result;
}

}  // namespace

CollationId Intern(const Collation& definition) {
  if (definition.provider() == Collation::PROVIDER_UNSPECIFIED) return kDefaultCollation;
  std::string bytes = definition.SerializeAsString();
  Interned& all = AllInterned();
  {
    absl::ReaderMutexLock lock(&all.mutex);
    const auto found = all.known.find(bytes);
    if (found != all.known.end()) return found->second;
  }
  absl::MutexLock lock(&all.mutex);
  const auto [place, inserted] = all.known.try_emplace(std::move(bytes), kUnknownCollation);
  if (!inserted) return place->second;
  if (all.all.size() + 1 >= kUnknownCollation) {
    all.known.erase(place);
    return kUnknownCollation;
  }
  all.all.push_back(definition);
  place->second = static_cast<CollationId>(all.all.size());
  return place->second;
}

CollationId CommonCollation(CollationId a, CollationId b) {
  if (IsExplicit(a) || IsExplicit(b)) {
    if (!IsExplicit(b)) return a;
    return !IsExplicit(a) || a == b ? b : kUnknownCollation;
  }
  if (a == kDefaultCollation || a == b) return b;
  return b == kDefaultCollation ? a : kUnknownCollation;
}

const Collation* DefinitionOf(CollationId id) {
  id = Plain(id);
  if (id == kDefaultCollation || id == kUnknownCollation) return nullptr;
  Interned& all = AllInterned();
  absl::ReaderMutexLock lock(&all.mutex);
  return &all.all[id - 1];
}

bool IsIcu(CollationId id) {
  const Collation* const definition = DefinitionOf(id);
  return definition != nullptr && definition->provider() == Collation::PROVIDER_ICU;
}

bool IsNondeterministic(CollationId id) {
  const Collation* const definition = DefinitionOf(id);
  return definition != nullptr && definition->nondeterministic();
}

const std::vector<Collation>& BuiltInCollations() {
  static const std::vector<Collation>& all = *new std::vector<Collation>(MakeBuiltIn());
  return all;
}

const Collation* FindBuiltInCollation(std::string_view name) {
  static const auto& by_name = *[] {
    auto* const result = new absl::flat_hash_map<std::string_view, const Collation*>;
    for (const Collation& collation : BuiltInCollations())
      result->emplace(collation.name(), &collation);
    return result;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

absl::Status CheckLocale(const std::string& locale) { return Open(locale).status(); }

std::string VersionOf(const std::string& locale) {
  const absl::StatusOr<Collator> collator = Open(locale);
  if (!collator.ok()) return {};
  UVersionInfo version;
  ucol_getVersion(collator->get(), version);
  char text[U_MAX_VERSION_STRING_LENGTH];
  u_versionToString(version, text);
  return text;
}

absl::Status AppendSortKey(std::string_view text, const std::string& locale, bool nondeterministic,
                           std::string* key) {
  ASSIGN_OR_RETURN(const Collator* const collator, Cached<Collator>(locale, &Open));
  if (text.size() > static_cast<size_t>(INT32_MAX))
    return status::Error(status::sqlstate::kProgramLimitExceeded,
                         "a string is too long to be ordered");
  UCharIterator characters;
  uiter_setUTF8(&characters, text.data(), static_cast<int32_t>(text.size()));
  uint32_t state[2] = {0, 0};
  for (;;) {
    const size_t before = key->size();
    const int32_t room = static_cast<int32_t>(text.size() * 2 + 32);
    key->resize(before + room);
    UErrorCode error = U_ZERO_ERROR;
    const int32_t written =
        ucol_nextSortKeyPart(collator->get(), &characters, state,
                             reinterpret_cast<uint8_t*>(key->data() + before), room, &error);
    if (U_FAILURE(error)) return NoCollator(locale, error);
    key->resize(before + written);
    if (written < room) break;
  }
  // Parts of a key do not contain zero, so that the shorter one of two keys comes first whatever
  // follows it.
  if (nondeterministic) return absl::OkStatus();
  key->push_back('\0');
  key->append(text);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ChangeCase(std::string_view text, const std::string& locale,
                                       CaseChange change) {
  ASSIGN_OR_RETURN(const CaseMap* const shared, Cached<CaseMap>(locale, &OpenCaseMap));
  UCaseMap* const map = shared->get();
  const auto convert = change == CaseChange::kLower   ? &ucasemap_utf8ToLower
                       : change == CaseChange::kUpper ? &ucasemap_utf8ToUpper
                                                      : nullptr;
  std::string result(text.size() + 16, '\0');
  for (;;) {
    UErrorCode error = U_ZERO_ERROR;
    const int32_t length =
        convert != nullptr
            ? convert(map, result.data(), static_cast<int32_t>(result.size()), text.data(),
                      static_cast<int32_t>(text.size()), &error)
            : ucasemap_utf8ToTitle(map, result.data(), static_cast<int32_t>(result.size()),
                                   text.data(), static_cast<int32_t>(text.size()), &error);
    if (error == U_BUFFER_OVERFLOW_ERROR) {
      result.resize(static_cast<size_t>(length) + 1);
      continue;
    }
    if (U_FAILURE(error)) return NoCollator(locale, error);
    result.resize(static_cast<size_t>(length));
    return result;
  }
}

}  // namespace adbms::types
