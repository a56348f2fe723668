#include "common/types/text_search_objects.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"
#include "common/types/character_class.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

constexpr TextSearchDictionary kDictionaries[] = {
    {kSimpleDictionary, "simple", ""},        {13151, "arabic_stem", "arabic"},
    {13153, "armenian_stem", "armenian"},     {13155, "basque_stem", "basque"},
    {13157, "catalan_stem", "catalan"},       {13159, "danish_stem", "danish"},
    {13161, "dutch_stem", "dutch"},           {kEnglishDictionary, "english_stem", "english"},
    {13165, "finnish_stem", "finnish"},       {13167, "french_stem", "french"},
    {13169, "german_stem", "german"},         {13171, "greek_stem", "greek"},
    {13173, "hindi_stem", "hindi"},           {13175, "hungarian_stem", "hungarian"},
    {13177, "indonesian_stem", "indonesian"}, {13179, "irish_stem", "irish"},
    {13181, "italian_stem", "italian"},       {13183, "lithuanian_stem", "lithuanian"},
    {13187, "norwegian_stem", "norwegian"},   {13189, "portuguese_stem", "portuguese"},
    {13191, "romanian_stem", "romanian"},     {13193, "russian_stem", "russian"},
    {13195, "serbian_stem", "serbian"},       {13197, "spanish_stem", "spanish"},
    {13199, "swedish_stem", "swedish"},       {13201, "tamil_stem", "tamil"},
    {13203, "turkish_stem", "turkish"},       {13205, "yiddish_stem", "yiddish"},
};

constexpr TextSearchConfiguration kConfigurations[] = {
    {3748, "simple", kSimpleDictionary, kSimpleDictionary},
    {13152, "arabic", 13151, 13151},
    {13154, "armenian", 13153, 13153},
    {13156, "basque", 13155, 13155},
    {13158, "catalan", 13157, 13157},
    {13160, "danish", 13159, 13159},
    {13162, "dutch", 13161, 13161},
    {kEnglishConfiguration, "english", kEnglishDictionary, kEnglishDictionary},
    {13166, "finnish", 13165, 13165},
    {13168, "french", 13167, 13167},
    {13170, "german", 13169, 13169},
    {13172, "greek", 13171, 13171},
    {13174, "hindi", kEnglishDictionary, 13173},
    {13176, "hungarian", 13175, 13175},
    {13178, "indonesian", 13177, 13177},
    {13180, "irish", 13179, 13179},
    {13182, "italian", 13181, 13181},
    {13184, "lithuanian", 13183, 13183},
    {13188, "norwegian", 13187, 13187},
    {13190, "portuguese", 13189, 13189},
    {13192, "romanian", 13191, 13191},
    {13194, "russian", kEnglishDictionary, 13193},
    {13196, "serbian", 13195, 13195},
    {13198, "spanish", 13197, 13197},
    {13200, "swedish", 13199, 13199},
    {13202, "tamil", 13201, 13201},
    {13204, "turkish", 13203, 13203},
    {13206, "yiddish", 13205, 13205},
};

// Its list of stop words is not here, without which answers would be others.
constexpr std::string_view kUnsupported = "nepali";
constexpr std::string_view kDictionarySuffix = "_stem";

template <typename Rows>
const auto* ByOid(const Rows& rows, uint32_t oid) {
  const auto* const found = std::find_if(std::begin(rows), std::end(rows),
                                         [oid](const auto& row) { return row.oid == oid; });
  return found == std::end(rows) ? nullptr : found;
}

template <typename Rows>
const auto* ByName(const Rows& rows, std::string_view name) {
  const auto* const found = std::find_if(std::begin(rows), std::end(rows),
                                         [name](const auto& row) { return row.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

bool IsUnsupported(std::string_view name, bool dictionary) {
  if (dictionary) {
    if (!name.ends_with(kDictionarySuffix)) return false;
    name.remove_suffix(kDictionarySuffix.size());
  }
  return name == kUnsupported;
}

// The parts of a name that dots separate, in lower case where no quotes are.
std::vector<std::string> NameParts(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const bool doubled = quoted && i + 1 < text.size() && text[i + 1] == '"';
      if (doubled) parts.back().push_back(text[++i]);
      if (!doubled) quoted = !quoted;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back().append(quoted ? std::string(1, c) : LowerCase(std::string(1, c)));
    }
  }
  return parts;
}

}  // namespace

std::span<const TextSearchDictionary> TextSearchDictionaries() { return kDictionaries; }
std::span<const TextSearchConfiguration> TextSearchConfigurations() { return kConfigurations; }

const TextSearchDictionary* FindTextSearchDictionary(uint32_t oid) {
  return ByOid(kDictionaries, oid);
}

const TextSearchConfiguration* FindTextSearchConfiguration(uint32_t oid) {
  return ByOid(kConfigurations, oid);
}

absl::StatusOr<uint32_t> ParseTextSearchObject(std::string_view text, TypeId id) {
  if (text == "-") return 0;
  uint32_t oid = 0;
  const bool digits =
      !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &oid)) return oid;
  const bool dictionary = id == TypeId::kRegdictionary;
  const std::vector<std::string> parts = NameParts(text);
  const std::string& name = parts.back();
  const std::string kind =
      absl::StrCat("text search ", dictionary ? "dictionary" : "configuration");
  if (parts.size() == 1 || (parts.size() == 2 && parts[0] == "pg_catalog")) {
    if (dictionary) {
      if (const auto* found = ByName(kDictionaries, name)) return found->oid;
    } else {
      if (const auto* found = ByName(kConfigurations, name)) return found->oid;
    }
    if (IsUnsupported(name, dictionary))
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat(kind, " \"", name, "\" is not supported"), {},
                           "Its stop words are not known here. Use simple, or english.");
  }
  return status::Error(sqlstate::kUndefinedObject,
                       absl::StrCat(kind, " \"", std::string(text), "\" does not exist"));
}

std::string FormatTextSearchObject(uint32_t oid, TypeId id) {
  if (oid == 0) return "-";
  if (id == TypeId::kRegdictionary) {
    if (const auto* found = FindTextSearchDictionary(oid)) return found->name;
  } else {
    if (const auto* found = FindTextSearchConfiguration(oid)) return found->name;
  }
  return absl::StrCat(oid);
}

}  // namespace adbms::types
