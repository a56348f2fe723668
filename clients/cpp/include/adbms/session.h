// A session: statements, transactions, streams, bulk inserts. Made by Client::Connect. One thread
// at a time, but for Cancel(). Everything throws Error.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adbms/result.h"
#include "adbms/value.h"

namespace adbms {

namespace internal {
class SessionCore;
class StreamCore;
}  // namespace internal

enum class Isolation { kDefault, kReadCommitted, kRepeatableRead, kSerializable };

struct TransactionOptions {
  Isolation isolation = Isolation::kDefault;
  std::optional<bool> read_only;
  bool deferrable = false;
  int attempts = 10;  // Of Transaction(), while the server says that this may help.
};

struct StatementOptions {
  std::chrono::milliseconds timeout{0};  // That it may run; 0: as the session's settings say.
  std::map<std::string, std::string> settings;  // For this statement alone.
};

using Values = std::vector<Value>;

struct ParameterType {
  std::uint32_t type_oid = 0;
  std::string type_name;
};

// A prepared statement of a session, which must outlive it. Forgotten by the server at its end.
class Prepared {
 public:
  Prepared(Prepared&&) = default;
  Prepared& operator=(Prepared&&) = delete;
  ~Prepared();
  const std::string& name() const { return name_; }
  const std::vector<ParameterType>& parameters() const { return parameters_; }
  const std::vector<Column>& columns() const { return columns_; }
  bool returns_rows() const { return returns_rows_; }

 private:
  friend class Session;
  Prepared() = default;
  std::shared_ptr<internal::SessionCore> core_;
  std::string name_;
  std::vector<ParameterType> parameters_;
  std::vector<Column> columns_;
  bool returns_rows_ = false;
};

// What is run: text, or a prepared statement.
class Statement {
 public:
  Statement(const char* sql) : sql_(sql) {}                      // NOLINT(runtime/explicit)
  Statement(std::string sql) : sql_(std::move(sql)) {}           // NOLINT(runtime/explicit)
  Statement(std::string_view sql) : sql_(sql) {}                 // NOLINT(runtime/explicit)
  Statement(const Prepared& prepared) : prepared_(&prepared) {}  // NOLINT(runtime/explicit)
  const std::string& sql() const { return sql_; }
  const Prepared* prepared() const { return prepared_; }

 private:
  std::string sql_;
  const Prepared* prepared_ = nullptr;
};

// Rows that come while they are read: `for (const Row& row : stream)`. Nothing else runs in the
// session until it is read to its end or destroyed.
class RowStream {
 public:
  RowStream(RowStream&&) = default;
  RowStream& operator=(RowStream&&) = delete;
  ~RowStream();
  // The next page; nothing at the end.
  std::optional<Page> NextPage();

  class Iterator {
   public:
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(RowStream* stream) : stream_(stream) { ++*this; }
    Row operator*() const { return Row(*page_, row_); }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& one, std::default_sentinel_t) {
      return !one.page_.has_value();
    }

   private:
    RowStream* stream_;
    std::optional<Page> page_;
    std::uint32_t row_ = 0;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() { return std::default_sentinel; }

 private:
  friend class Session;
  explicit RowStream(std::unique_ptr<internal::StreamCore> core);
  std::unique_ptr<internal::StreamCore> core_;
};

// Rows by so many at a time, from a portal: inside a transaction, where other statements may run
// meanwhile.
class Cursor {
 public:
  Cursor(Cursor&&) = default;
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();
  // The next rows; an empty result at the end.
  Result Fetch();

 private:
  friend class Session;
  Cursor() = default;
  std::shared_ptr<internal::SessionCore> core_;
  std::string portal_;
  std::uint32_t fetch_size_ = 0;
  std::vector<Column> columns_;
  std::optional<Result> first_;
  bool suspended_ = false;
};

// Rows on their way into a table: all of them, by Finish(), or none. Nothing else runs in the
// session meanwhile.
class Inserter {
 public:
  Inserter(Inserter&&) = default;
  Inserter& operator=(Inserter&&) = delete;
  ~Inserter();
  // Throws ProgrammingError for a row of another length than the first.
  void Add(std::span<const Value> row);
  void Add(std::initializer_list<Value> row) { Add(std::span(row.begin(), row.size())); }
  // How many were inserted.
  std::uint64_t Finish();

 private:
  friend class Session;
  class State;
  explicit Inserter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Session {
 public:
  Session(Session&&) = default;
  Session& operator=(Session&&) = delete;
  // Closes it, which rolls back.
  ~Session();

  // Runs one statement with parameters $1, $2, …, or several without: the last one's result.
  Result Execute(const Statement& statement, const Values& parameters = {},
                 const StatementOptions& options = {});
  // The results of all statements.
  std::vector<Result> ExecuteAll(const Statement& statement, const Values& parameters = {},
                                 const StatementOptions& options = {});
  RowStream Stream(const Statement& statement, const Values& parameters = {},
                   const StatementOptions& options = {});
  Cursor OpenCursor(const Statement& statement, const Values& parameters = {},
                    std::uint32_t fetch_size = 1000, const StatementOptions& options = {});
  // One statement for each row of parameters, in one call and one transaction; the rows that each
  // has changed.
  std::vector<std::uint64_t> ExecuteBatch(const Statement& statement,
                                          const std::vector<Values>& rows,
                                          const StatementOptions& options = {});
  // COPY's rules. Names are taken as they are; no columns: all.
  Inserter BulkInsert(std::string_view table, std::vector<std::string> columns = {},
                      std::string_view schema = {}, const StatementOptions& options = {});
  // `types`: oids, 0 for what the statement makes of it.
  Prepared Prepare(std::string_view sql, const std::vector<std::uint32_t>& types = {});

  void Begin(const TransactionOptions& options = {});
  // Sent again with its key when the answer is lost. Throws ConnectionError (08007) when it stays
  // unknown whether it was committed.
  void Commit();
  void Rollback();
  // Runs `work` in a transaction: committed at its end, rolled back when it throws, and run again
  // from its beginning while the server says that this may help (40001, 40P01).
  template <typename Work>
  auto Transaction(Work&& work, const TransactionOptions& options = {}) {
    for (int attempt = 0;; ++attempt) {
      Begin(options);
      try {
        if constexpr (std::is_void_v<decltype(work(*this))>) {
          work(*this);
          Commit();
          return;
        } else {
          auto result = work(*this);
          Commit();
          return result;
        }
      } catch (const Error& error) {
        RollbackQuietly();
        if (error.retry() == Retry::kNever || attempt + 1 >= options.attempts) throw;
      } catch (...) {
        RollbackQuietly();
        throw;
      }
      Pause(attempt);
    }
  }

  // Stops what runs, from another thread; false when nothing does.
  bool Cancel();
  bool in_transaction() const;
  // What the server has told of its settings: server_version, TimeZone, …
  std::map<std::string, std::string> settings() const;

 private:
  friend class Client;
  explicit Session(std::shared_ptr<internal::SessionCore> core) : core_(std::move(core)) {}
  void RollbackQuietly() noexcept;
  void Pause(int attempt);

  std::shared_ptr<internal::SessionCore> core_;
};

}  // namespace adbms
