// The pages' files, packed into the binary by embed_files. Immutable.
#pragma once

#include <cstddef>
#include <string_view>

namespace adbms::gateway::console {

struct EmbeddedFile {
  std::string_view path;  // As the browser asks for it, "/assets/…"; "/index.html".
  std::string_view type;  // Content-Type.
  std::string_view etag;  // With its quotes.
  std::string_view plain;
  std::string_view gzip;  // Empty where it would not be shorter.
};

extern const EmbeddedFile kEmbeddedFiles[];
extern const size_t kEmbeddedFileCount;

// Null: there is none of the path.
const EmbeddedFile* FindEmbeddedFile(std::string_view path);

}  // namespace adbms::gateway::console
