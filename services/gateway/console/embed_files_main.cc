// embed_files DIRECTORY OUTPUT: writes embedded_files.h's tables for the files of a directory, with
// type, ETag and gzip ready made. Runs while the project is built.
#include <openssl/sha.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::string Gzip(const std::string& plain) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    return "";
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return result == Z_STREAM_END && packed.size() < plain.size() ? packed : "";
}

std::string TypeOf(const std::string& extension) {
  if (extension == ".html") return "text/html; charset=utf-8";
  if (extension == ".js") return "text/javascript; charset=utf-8";
  if (extension == ".css") return "text/css; charset=utf-8";
  if (extension == ".svg") return "image/svg+xml";
  return "application/octet-stream";
}

std::string EtagOf(const std::string& plain) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(plain.data()), plain.size(), digest);
  std::string etag = "\"";
  char hex[3];
  for (int i = 0; i < 12; ++i) {
    std::snprintf(hex, sizeof(hex), "%02x", digest[i]);
    etag += hex;
  }
  return etag + "\"";
}

// A C++ string literal of any bytes, in lines.
std::string Literal(const std::string& bytes) {
  std::string literal = "std::string_view(\"";
  size_t column = 0;
  char octal[5];
  for (const char c : bytes) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte < 127 && c != '"' && c != '\\' && c != '?') {
      literal += c;
    } else {
      std::snprintf(octal, sizeof(octal), "\\%03o", byte);
      literal += octal;
    }
    if (++column % 100 == 0) literal += "\"\n\"";
  }
  return literal + "\", " + std::to_string(bytes.size()) + ")";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: embed_files DIRECTORY OUTPUT\n";
    return 2;
  }
  const std::filesystem::path root = argv[1];
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (auto i = std::filesystem::recursive_directory_iterator(root, error);
       i != std::filesystem::recursive_directory_iterator(); i.increment(error)) {
    if (i->is_regular_file()) paths.push_back(i->path());
  }
  std::sort(paths.begin(), paths.end());
  std::ofstream out(argv[2], std::ios::binary);
  out << "// Made by embed_files.\n#include \"services/gateway/console/embedded_files.h\"\n\n"
         "namespace adbms::gateway::console {\n\nconst EmbeddedFile kEmbeddedFiles[] = {\n";
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    const std::string plain{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    out << "{" << Literal("/" + std::filesystem::relative(path, root).generic_string()) << ",\n"
        << Literal(TypeOf(path.extension())) << ",\n"
        << Literal(EtagOf(plain)) << ",\n"
        << Literal(plain) << ",\n"
        << Literal(Gzip(plain)) << "},\n";
  }
  // An array has one element at least.
  out << "{}};\n\nconst size_t kEmbeddedFileCount = " << paths.size()
      << ";\n\n}  // namespace adbms::gateway::console\n";
  out.close();
  return out.good() && !error ? 0 : 1;
}
