// to_number: digits out of a text, by a template (PostgreSQL's manual, 9.8).
#include <cctype>

#include "common/sql/functions/number_format.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using View = std::string_view;

class NumberReader {
 public:
  NumberReader(View text, View format) : text_(text), format_(format) {
    bool quoted = false;
    for (const char c : format) {
      quoted ^= c == '"';
      if (quoted) continue;
      if (has_point_ && (c == '9' || c == '0')) ++fraction_cells_;
      has_point_ |= c == '.' || c == 'D' || c == 'd';
    }
  }

  absl::StatusOr<Decimal> Read() {
    for (size_t i = 0; i < format_.size();) {
      const size_t before = i;
      RETURN_IF_ERROR(Step(&i));
      if (i == before) ++i;
    }
    if (digits_.empty() || digits_ == ".") {
      return status::Error(status::sqlstate::kInvalidTextRepresentation,
                           "invalid input syntax for type numeric: \" \"");
    }
    ASSIGN_OR_RETURN(Decimal value, Decimal::Parse((negative_ ? "-" : "") + digits_));
    for (int i = 0; i < shift_; ++i) {
      ASSIGN_OR_RETURN(value, types::Divide(value, Decimal::FromInt(10)));
    }
    return value.Rescale(fraction_ + shift_);
  }

 private:
  bool Word(size_t i, View word) const {
    if (format_.size() - i < word.size()) return false;
    for (size_t k = 0; k < word.size(); ++k) {
      if (std::toupper(static_cast<unsigned char>(format_[i + k])) != word[k]) return false;
    }
    return true;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpaces() {
    while (Peek() == ' ') ++at_;
  }
  // A sign where it may stand: before the digits, or behind them.
  void ReadSign() {
    SkipSpaces();
    if (Peek() == '-' || Peek() == '+' || Peek() == '<') {
      negative_ |= Peek() != '+';
      ++at_;
    }
  }

  absl::Status Step(size_t* i) {
    for (const View word : {View("EEEE"), View("RN")}) {
      if (Word(*i, word))
        return status::NotSupported("to_number template pattern \"" + std::string(word) + "\"");
    }
    for (const View word : {View("FM"), View("TH")}) {
      if (!Word(*i, word)) continue;
      *i += 2;
      if (word == "TH" && std::isalpha(static_cast<unsigned char>(Peek())) != 0) at_ += 2;
      return absl::OkStatus();
    }
    for (const View word : {View("MI"), View("PL"), View("SG"), View("PR"), View("S")}) {
      if (!Word(*i, word)) continue;
      *i += word.size();
      ReadSign();
      return absl::OkStatus();
    }
    const char c = format_[(*i)++];
    switch (c) {
      case '9':
      case '0':
        shift_ += in_shift_ ? 1 : 0;
        ReadCell(true);
        break;
      case '.':
      case 'D':
      case 'd':
        ReadCell(false);
        break;
      case ',':
      case 'G':
      case 'g':
        if (Peek() == ',') ++at_;
        break;
      case 'V':
      case 'v':
        in_shift_ = true;
        break;
      case 'L':
      case 'l':
        SkipOther();
        break;
      case '"':
        for (; *i < format_.size() && format_[*i] != '"'; ++*i) SkipOther();
        ++*i;
        break;
      default:
        SkipOther();
    }
    return absl::OkStatus();
  }

  // A character that a number has none of.
  void SkipOther() {
    if (at_ < text_.size() && View("0123456789.,+-").find(Peek()) == View::npos) ++at_;
  }

  // A digit or the point, whichever comes: as in PostgreSQL each may stand where the other is
  // meant.
  void ReadCell(bool digit) {
    if (Peek() == ' ') ++at_;
    if (digit && read_ == 0) ReadSign();
    if (std::isdigit(static_cast<unsigned char>(Peek())) != 0) {
      if (point_ && fraction_ == fraction_cells_) return;
      digits_.push_back(Peek());
      ++at_;
      ++read_;
      fraction_ += point_ ? 1 : 0;
    } else if (Peek() == '.' && has_point_ && !point_) {
      point_ = true;
      digits_.push_back('.');
      ++at_;
    }
  }

  const View text_;
  const View format_;
  size_t at_ = 0;
  std::string digits_;
  bool negative_ = false;
  bool has_point_ = false;  // The template.
  int fraction_cells_ = 0;
  bool point_ = false;  // Was read.
  int read_ = 0;
  bool in_shift_ = false;
  int fraction_ = 0;  // Digits read behind the point.
  int shift_ = 0;
};

}  // namespace

absl::StatusOr<Decimal> ParseNumber(View text, View format) {
  RETURN_IF_ERROR(CheckTemplate(format));
  return NumberReader(text, format).Read();
}

}  // namespace adbms::sql::functions
