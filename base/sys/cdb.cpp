#include "base/sys/cdb.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <cdb.h>
#include <fcntl.h>

#include <cerrno>
#include <limits>

namespace grapnel {

namespace {
unsigned length(std::string_view text)
{
    if (text.size() > std::numeric_limits<unsigned>::max() / 4)
        throw_error(EFBIG, "cdb record too long");
    return static_cast<unsigned>(text.size());
}
}

struct CdbReader::State {
    Fd file;
    struct cdb database {};
    ~State() { cdb_free(&database); }
};

CdbReader::CdbReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CdbReader::CdbReader(CdbReader&&) noexcept = default;
CdbReader& CdbReader::operator=(CdbReader&&) noexcept = default;
CdbReader::~CdbReader() = default;

std::optional<CdbReader> CdbReader::open(const std::string& path)
{
    auto file = open_if_there(path);
    if (!file) return std::nullopt;
    auto state = std::make_unique<State>();
    state->file = std::move(*file);
    if (cdb_init(&state->database, state->file.get()) != 0) throw_errno("unable to read", path);
    return CdbReader(std::move(state));
}

std::optional<std::string> CdbReader::find(std::string_view key) const
{
    auto& database = state_->database;
    const int found = cdb_find(&database, key.data(), length(key));
    if (found < 0) throw_errno("unable to read cdb");
    if (found == 0) return std::nullopt;
    std::string data(cdb_datalen(&database), '\0');
    if (cdb_read(&database, data.data(), static_cast<unsigned>(data.size()),
                 cdb_datapos(&database)) != 0)
        throw_errno("unable to read cdb");
    return data;
}

struct CdbWriter::State {
    std::string path, temporary;
    Fd file;
    struct cdb_make make {};
    bool open = true;
    ~State()
    {
        if (open) cdb_make_finish(&make);
    }
};

CdbWriter::CdbWriter(std::string path, std::string temporary_path)
    : state_(std::make_unique<State>())
{
    state_->temporary = temporary_path.empty() ? path + ".tmp" : std::move(temporary_path);
    state_->path = std::move(path);
    state_->file = open_file(state_->temporary, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (cdb_make_start(&state_->make, state_->file.get()) != 0)
        throw_errno("unable to write", state_->temporary);
}

CdbWriter::~CdbWriter() = default;

void CdbWriter::add(std::string_view key, std::string_view data)
{
    if (cdb_make_add(&state_->make, key.data(), length(key), data.data(), length(data)) != 0)
        throw_errno("unable to write", state_->temporary);
}

void CdbWriter::finish()
{
    state_->open = false;
    if (cdb_make_finish(&state_->make) != 0) throw_errno("unable to write", state_->temporary);
    sync(state_->file.get(), state_->temporary);
    state_->file.close_checked(state_->temporary);
    rename_file(state_->temporary, state_->path);
    const auto slash = state_->path.rfind('/');
    sync_directory(slash == std::string::npos ? "." : state_->path.substr(0, slash));
}

}
