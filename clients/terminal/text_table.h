// An aligned table of text. Not thread-safe.
#pragma once

#include <string>
#include <vector>

namespace adbms::clients::terminal {

enum class Align { kLeft, kRight };

class TextTable {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // REQUIRES: as many cells as columns. Line ends inside a cell become spaces.
  void Add(std::vector<std::string> cells);
  // Title, rule, rows; columns are two spaces apart, nothing behind the last one.
  std::string ToString() const;

 private:
  const std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Characters of UTF-8 text.
size_t Width(const std::string& text);

}  // namespace adbms::clients::terminal
