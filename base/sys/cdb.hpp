// Constant databases (cdb) by tinycdb: the only file that knows it.
#pragma once

#include "base/sys/fd.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

class CdbReader {
public:
    // nullopt: no such file. Throws where it cannot be read or is no cdb.
    static std::optional<CdbReader> open(const std::string& path);
    CdbReader(CdbReader&&) noexcept;
    CdbReader& operator=(CdbReader&&) noexcept;
    ~CdbReader();

    std::optional<std::string>
    find(std::string_view key) const;   // first match in file order. Throws EPROTO when damaged

private:
    struct State;
    explicit CdbReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Written to path + ".tmp", synced, renamed; on failure the .tmp file stays, as with the originals.
class CdbWriter {
public:
    explicit CdbWriter(std::string path, std::string temporary_path = {});
    ~CdbWriter();
    void add(std::string_view key, std::string_view data);
    void finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}
