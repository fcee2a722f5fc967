// SQLite's C API behind three small owners: a connection, a prepared statement, a transaction.
//
// One thread uses a Database and everything made from it. Statements and transactions must not outlive it. Failures
// are Errors whose message names the file and says what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ripstop::control {

class Database;

// One prepared statement. Parameters are bound in order, from the first `?` on; a failed bind shows at the next step.
class Statement {
 public:
  Statement& bind(int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);

  // True: a row is ready to be read; false: the statement is done.
  Result<bool> step();
  // Steps a statement that gives no rows.
  Status run();
  // Ready for new parameters.
  void reset();

  // Columns of the current row, from 0. Text and blobs are copies of exactly the stored bytes.
  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] std::string bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}
  void note(int code);

  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 0;
  int bind_failure_ = 0;
};

class Database {
 public:
  // Opens or creates the file with mode 0600, in WAL mode with synchronous=FULL, and takes it for this process alone:
  // a second opener fails after `busy_wait`. The file's pages are checked before anything is read.
  static Result<std::unique_ptr<Database>> open(const std::string& path, std::chrono::milliseconds busy_wait);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  Result<Statement> prepare(std::string_view sql);
  // Statements without parameters and rows, separated by semicolons.
  Status execute(const std::string& sql);
  // First column of the first row; 0 when there is none.
  Result<int64_t> integer(std::string_view sql);
  // Rows that the last insert, update or delete touched.
  [[nodiscard]] int64_t changes() const;
  // What `code` means for the person who runs the mesh.
  [[nodiscard]] std::unexpected<Error> failure(int code) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  Status configure(std::chrono::milliseconds busy_wait);
  Status check_pages();

  std::string path_;
  sqlite3* handle_;
};

// All or nothing: what is not committed when this goes is rolled back.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // On success everything is on the disk.
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace ripstop::control
