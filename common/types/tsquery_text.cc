// Queries as text.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/types/text_search.h"
#include "common/types/tsquery_parser.h"

namespace adbms::types {

int TsPriorityOf(TsOperator op) {
  switch (op) {
    case TsOperator::kNot:
      return 4;
    case TsOperator::kPhrase:
      return 3;
    case TsOperator::kAnd:
      return 2;
    case TsOperator::kOr:
      return 1;
  }
  return 0;
}

namespace {

// Texts of a query's parts, from the left to the right.
class Writer {
 public:
  Writer(const TsQueryItems& items, std::string* out) : items_(items), out_(*out) {}

  void Write(uint32_t root, int around, bool right_of_phrase) {
    struct Open {
      uint32_t item;
      bool parenthesis;
    };
    std::vector<Open> spine;
    uint32_t at = root;
    for (; items_[at].IsBinary(); at = items_[at].left) {
      const int priority = TsPriorityOf(items_[at].op);
      const bool parenthesis =
          priority < around || (items_[at].op == TsOperator::kPhrase && right_of_phrase);
      if (parenthesis) out_ += "( ";
      spine.push_back({at, parenthesis});
      around = priority;
      right_of_phrase = false;
    }
    if (items_[at].is_operator) {
      out_ += '!';
      Write(at + 1, TsPriorityOf(TsOperator::kNot), false);
    } else {
      WriteValue(items_[at]);
    }
    for (; !spine.empty(); spine.pop_back()) {
      const TsQueryItem& item = items_[spine.back().item];
      WriteOperator(item);
      Write(spine.back().item + 1, TsPriorityOf(item.op), item.op == TsOperator::kPhrase);
      if (spine.back().parenthesis) out_ += " )";
    }
  }

 private:
  void WriteValue(const TsQueryItem& item) {
    AppendQuotedLexeme(item.lexeme, &out_);
    if (item.weights == 0 && !item.prefix) return;
    out_ += ':';
    if (item.prefix) out_ += '*';
    for (int weight = 3; weight >= 0; --weight) {
      if ((item.weights >> weight & 1) != 0) out_ += kWeightLetters[weight];
    }
  }

  void WriteOperator(const TsQueryItem& item) {
    switch (item.op) {
      case TsOperator::kOr:
        out_ += " | ";
        break;
      case TsOperator::kAnd:
        out_ += " & ";
        break;
      default:
        absl::StrAppend(&out_, " <", item.distance == 1 ? "-" : absl::StrCat(item.distance), "> ");
    }
  }

  const TsQueryItems& items_;
  std::string& out_;
};

}  // namespace

void FormatTsQuery(std::string_view form, std::string* out) {
  const TsQueryItems items = ReadTsQuery(form);
  if (!items.empty()) Writer(items, out).Write(0, -1, false);
}

}  // namespace adbms::types
