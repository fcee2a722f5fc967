#include "control/store/address_table.h"

#include <optional>
#include <vector>

#include "base/hash.h"

namespace ripstop::control {
namespace {

using Slots = std::map<std::string, uint32_t, std::less<>>;

// The IPv6 address spells 240.240 and the slot, so that a person sees which pair belongs together.
VirtualAddresses addresses_of(uint32_t slot) {
  const auto high = static_cast<uint8_t>(slot >> 8U);
  const auto low = static_cast<uint8_t>(slot);
  return {IpAddress::v4({240, 240, high, low}),
          IpAddress::v6({0x20, 0x01, 0x00, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0xF0, high, low})};
}

Result<Slots> read_slots(Database& database) {
  Result<Statement> select = database.prepare("select host, slot from virtual_address");
  if (!select) return fail_with(select);
  Slots slots;
  while (true) {
    const Result<bool> row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return slots;
    slots.emplace(select->bytes(0), static_cast<uint32_t>(select->integer(1)));
  }
}

std::optional<uint32_t> free_slot(const std::string& host, const std::vector<bool>& taken) {
  const uint64_t start = content_hash(host);
  for (uint64_t probe = 0; probe < AddressTable::kCapacity; ++probe) {
    const auto slot = static_cast<uint32_t>(1 + (start % AddressTable::kCapacity + probe) % AddressTable::kCapacity);
    if (!taken[slot]) return slot;
  }
  return std::nullopt;
}

// Chooses slots for the hosts that have none; what is chosen is added to `slots` and returned.
Result<Slots> choose(std::span<const std::string> hosts, Slots& slots) {
  std::vector<bool> taken(AddressTable::kCapacity + 1, false);
  for (const auto& [host, slot] : slots) {
    if (slot <= AddressTable::kCapacity) taken[slot] = true;
  }
  Slots chosen;
  for (const std::string& host : hosts) {
    if (slots.contains(host)) continue;
    const std::optional<uint32_t> slot = free_slot(host, taken);
    if (!slot) {
      return fail(ErrorCode::kTooLarge, "all " + std::to_string(AddressTable::kCapacity) +
                                            " virtual addresses are in use; give some services addresses of their own");
    }
    taken[*slot] = true;
    slots.emplace(host, *slot);
    chosen.emplace(host, *slot);
  }
  return chosen;
}

Status insert(Database& database, const Slots& chosen) {
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return fail_with(transaction);
  Result<Statement> statement = database.prepare("insert into virtual_address (host, slot) values (?, ?)");
  if (!statement) return fail_with(statement);
  for (const auto& [host, slot] : chosen) {
    statement->reset();
    if (Status done = statement->bind(host).bind(int64_t{slot}).run(); !done) return done;
  }
  return transaction->commit();
}

}  // namespace

Result<std::map<std::string, VirtualAddresses>> AddressTable::allocate(std::span<const std::string> hosts) {
  Result<Slots> slots = read_slots(*database_);
  if (!slots) return fail_with(slots);
  Result<Slots> chosen = choose(hosts, *slots);
  if (!chosen) return fail_with(chosen);
  if (!chosen->empty()) {
    if (Status inserted = insert(*database_, *chosen); !inserted) return fail_with(inserted);
  }
  std::map<std::string, VirtualAddresses> addresses;
  for (const std::string& host : hosts) addresses.emplace(host, addresses_of(slots->find(host)->second));
  return addresses;
}

Result<size_t> AddressTable::forget_all_but(const std::set<std::string>& hosts) {
  Result<Slots> slots = read_slots(*database_);
  if (!slots) return fail_with(slots);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return fail_with(transaction);
  Result<Statement> statement = database_->prepare("delete from virtual_address where host = ?");
  if (!statement) return fail_with(statement);
  size_t forgotten = 0;
  for (const auto& [host, slot] : *slots) {
    if (hosts.contains(host)) continue;
    statement->reset();
    if (Status done = statement->bind(host).run(); !done) return fail_with(done);
    ++forgotten;
  }
  if (Status committed = transaction->commit(); !committed) return fail_with(committed);
  return forgotten;
}

}  // namespace ripstop::control
