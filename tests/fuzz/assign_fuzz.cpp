// users/assign: whatever lines it holds, the table made of them can be asked anything, and finds
// what it holds.
#include "fuzz/require.hpp"
#include "local/assign.hpp"
#include "local/user_table.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>

using namespace grapnel::local;

namespace {

using Table = std::map<std::string, std::string, std::less<>>;

Table table_of(std::string_view text)
{
    Table table;
    AssignReader reader;
    Assignment assignment;
    for (;;) {
        const auto end = text.find('\n');
        if (reader.take(text.substr(0, end), end != std::string_view::npos, assignment) !=
            AssignReader::Outcome::assignment)
            break;
        require(assignment.key.starts_with('!'));
        table.insert({assignment.key, assignment.data});
        text.remove_prefix(end + 1);
    }
    table.insert({"", reader.last_bytes()});
    return table;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Table table = table_of(bytes);
    const Find find = [&](std::string_view key) -> std::optional<std::string> {
        const auto found = table.find(key);
        return found == table.end() ? std::nullopt : std::optional(found->second);
    };
    for (const auto& [key, record] : table) {
        if (!key.ends_with('\0')) continue;
        const auto found = look_up(find, std::string_view(key).substr(1, key.size() - 2));
        const auto held = decode_user(record + '\0');
        require(found.has_value() == held.has_value());
        if (found) require(*found == *held);
    }
    const auto any = look_up(find, bytes.substr(0, bytes.find('\0')));
    if (any && *any) require(decode_user(encode(**any)).value() == **any);
    return 0;
}
