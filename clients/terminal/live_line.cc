#include "clients/terminal/live_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace adbms::clients::terminal {

LiveLine::LiveLine() : in_place_(isatty(STDOUT_FILENO) != 0) {}

void LiveLine::Show(const std::string& text) {
  // Back to the start, the text, and erase to the end of the line.
  const std::string bytes = in_place_ ? "\r" + text + "\x1b[K" : text + "\n";
  std::fputs(bytes.c_str(), stdout);
  std::fflush(stdout);
  open_ = in_place_;
}

void LiveLine::Finish() {
  if (open_) std::fputs("\n", stdout);
  std::fflush(stdout);
  open_ = false;
}

std::string ProgressBar(double fraction, int width) {
  const double bounded = std::clamp(fraction, 0.0, 1.0);
  const auto filled = static_cast<size_t>(bounded * width);
  return absl::StrFormat("[%s%s] %3.0f %%", std::string(filled, '#'),
                         std::string(static_cast<size_t>(width) - filled, '.'), bounded * 100);
}

std::string WithThousands(int64_t number) {
  std::string digits = absl::StrCat(number < 0 ? -number : number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return number < 0 ? "-" + digits : digits;
}

}  // namespace adbms::clients::terminal
