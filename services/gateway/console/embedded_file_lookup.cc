#include "services/gateway/console/embedded_files.h"

namespace adbms::gateway::console {

const EmbeddedFile* FindEmbeddedFile(std::string_view path) {
  for (size_t i = 0; i < kEmbeddedFileCount; ++i)
    if (kEmbeddedFiles[i].path == path) return &kEmbeddedFiles[i];
  return nullptr;
}

}  // namespace adbms::gateway::console
