// pg_get_keywords.
#include <algorithm>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/table_cursors.h"
#include "common/types/batch_rows.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Value;

struct Keyword {
  const char* word;
  char category;
  bool bare_label;
};

constexpr Keyword kKeywords[] = {
#include "common/sql/functions/keywords.inc"
};

const char* CategoryName(char category) {
  switch (category) {
    case 'U':
      return "unreserved";
    case 'C':
      return "unreserved (cannot be function or type name)";
    case 'T':
      return "reserved (can be function or type name)";
    default:
      return "reserved";
  }
}

class KeywordCursor : public TableFunction::Cursor {
 public:
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    const size_t end = std::min(std::size(kKeywords), next_ + types::BatchRows());
    if (next_ == end) return false;
    *batch = types::Batch();
    for (const TypeId id :
         {TypeId::kText, TypeId::kChar, TypeId::kBool, TypeId::kText, TypeId::kText})
      batch->columns.push_back(std::make_shared<types::Vector>(types::Type{id, 0}));
    batch->row_count = static_cast<uint32_t>(end - next_);
    for (; next_ < end; ++next_) {
      const Keyword& keyword = kKeywords[next_];
      batch->columns[0]->Append(Value::Text(keyword.word));
      batch->columns[1]->Append(
          Value::String({TypeId::kChar, 0}, std::string(1, keyword.category)));
      batch->columns[2]->Append(Value::Bool(keyword.bare_label));
      batch->columns[3]->Append(Value::Text(CategoryName(keyword.category)));
      batch->columns[4]->Append(
          Value::Text(keyword.bare_label ? "can be bare label" : "requires AS"));
    }
    return true;
  }

 private:
  size_t next_ = 0;
};

}  // namespace

void AddKeywords(CatalogBuilder& builder) {
  TableFunction function;
  function.name = "pg_get_keywords";
  function.result = {TypeId::kText, TypeId::kChar, TypeId::kBool, TypeId::kText, TypeId::kText};
  function.column_names = {"word", "catcode", "barelabel", "catdesc", "baredesc"};
  function.open = [](const EvaluationContext&,
                     const std::vector<Value>&) -> absl::StatusOr<CursorPtr> {
    return std::make_unique<KeywordCursor>();
  };
  builder.AddTableFunction(std::move(function));
}

}  // namespace adbms::sql::functions
