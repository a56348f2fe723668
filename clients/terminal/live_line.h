// One line that says how far something is: rewritten in place on a terminal, a line each time
// otherwise. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace adbms::clients::terminal {

class LiveLine {
 public:
  // Writes to standard output.
  LiveLine();
  explicit LiveLine(bool in_place) : in_place_(in_place) {}
  // Ends the line.
  ~LiveLine() { Finish(); }
  void Show(const std::string& text);
  // What was shown last stays.
  void Finish();
  bool in_place() const { return in_place_; }

 private:
  const bool in_place_;
  bool open_ = false;
};

// "[#####.....]  50 %".
std::string ProgressBar(double fraction, int width = 30);
// 1234567 as "1,234,567".
std::string WithThousands(int64_t number);

}  // namespace adbms::clients::terminal
