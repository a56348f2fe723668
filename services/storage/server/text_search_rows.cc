// pg_ts_config and its like: the configurations, dictionaries and the parser of text search.
#include "services/storage/server/text_search_rows.h"

#include <string>

#include "common/text_search/normalizer.h"
#include "common/text_search/stop_words.h"
#include "common/types/text_search_objects.h"

namespace adbms::storage::server {
namespace {

constexpr int64_t kPgCatalog = 11;
constexpr int64_t kOwner = 10;
constexpr int64_t kSimpleTemplate = 3727;
constexpr int64_t kSnowballTemplate = 13150;
constexpr int64_t kDictionaryCatalog = 3600;
constexpr int64_t kParserCatalog = 3601;
constexpr int64_t kConfigurationCatalog = 3602;
constexpr int64_t kTemplateCatalog = 3764;
constexpr char kSimpleComment[] = "simple dictionary: just lower case and check for stopword";

void FillConfigurations(const RowSource&, RowBuilder* rows) {
  for (const auto& configuration : types::TextSearchConfigurations()) {
    rows->Row()
        .Set("oid", static_cast<int64_t>(configuration.oid))
        .Set("cfgname", configuration.name)
        .Set("cfgnamespace", kPgCatalog)
        .Set("cfgowner", kOwner)
        .Set("cfgparser", static_cast<int64_t>(types::kDefaultTextSearchParser));
  }
}

void FillMaps(const RowSource&, RowBuilder* rows) {
  for (const auto& configuration : types::TextSearchConfigurations()) {
    const text_search::Normalizer normalizer(configuration);
    for (int type = 1; type <= text_search::kTokenTypes; ++type) {
      const uint32_t dictionary =
          normalizer.DictionaryOf(static_cast<text_search::TokenType>(type));
      if (dictionary == 0) continue;
      rows->Row()
          .Set("mapcfg", static_cast<int64_t>(configuration.oid))
          .Set("maptokentype", type)
          .Set("mapseqno", 1)
          .Set("mapdict", static_cast<int64_t>(dictionary));
    }
  }
}

void FillDictionaries(const RowSource&, RowBuilder* rows) {
  for (const auto& dictionary : types::TextSearchDictionaries()) {
    const std::string language = dictionary.language;
    rows->Row()
        .Set("oid", static_cast<int64_t>(dictionary.oid))
        .Set("dictname", dictionary.name)
        .Set("dictnamespace", kPgCatalog)
        .Set("dictowner", kOwner)
        .Set("dicttemplate", language.empty() ? kSimpleTemplate : kSnowballTemplate);
    if (language.empty()) continue;
    std::string options = "language = '" + language + "'";
    if (!text_search::StopWordsOf(language).empty()) options += ", stopwords = '" + language + "'";
    rows->Set("dictinitoption", options);
  }
}

void FillParsers(const RowSource&, RowBuilder* rows) {
  rows->Row()
      .Set("oid", static_cast<int64_t>(types::kDefaultTextSearchParser))
      .Set("prsname", "default")
      .Set("prsnamespace", kPgCatalog)
      .Set("prsstart", 3717)
      .Set("prstoken", 3718)
      .Set("prsend", 3719)
      .Set("prsheadline", 3720)
      .Set("prslextype", 3721);
}

void FillTemplates(const RowSource&, RowBuilder* rows) {
  const auto row = [rows](int64_t oid, const char* name, int64_t init, int64_t lexize) {
    rows->Row()
        .Set("oid", oid)
        .Set("tmplname", name)
        .Set("tmplnamespace", kPgCatalog)
        .Set("tmplinit", init)
        .Set("tmpllexize", lexize);
  };
  row(kSimpleTemplate, "simple", 3725, 3726);
  row(kSnowballTemplate, "snowball", 13148, 13149);
}

}  // namespace

void AddTextSearchFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_ts_config", FillConfigurations);
  fills->emplace("pg_catalog.pg_ts_config_map", FillMaps);
  fills->emplace("pg_catalog.pg_ts_dict", FillDictionaries);
  fills->emplace("pg_catalog.pg_ts_parser", FillParsers);
  fills->emplace("pg_catalog.pg_ts_template", FillTemplates);
}

void ForEachTextSearchComment(absl::FunctionRef<void(int64_t, int64_t, const std::string&)> show) {
  for (const auto& dictionary : types::TextSearchDictionaries()) {
    const std::string language = dictionary.language;
    show(dictionary.oid, kDictionaryCatalog,
         language.empty() ? kSimpleComment : "snowball stemmer for " + language + " language");
  }
  for (const auto& configuration : types::TextSearchConfigurations()) {
    const std::string name = configuration.name;
    show(configuration.oid, kConfigurationCatalog,
         name == "simple" ? "simple configuration" : "configuration for " + name + " language");
  }
  show(types::kDefaultTextSearchParser, kParserCatalog, "default word parser");
  show(kSimpleTemplate, kTemplateCatalog, kSimpleComment);
  show(kSnowballTemplate, kTemplateCatalog, "snowball stemmer");
}

}  // namespace adbms::storage::server
