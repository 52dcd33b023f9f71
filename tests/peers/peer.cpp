#include "peers/peer.hpp"

#include <filesystem>

namespace grapnel::test {

namespace fs = std::filesystem;

namespace {

const std::string unpacked = PEERS;

std::string libraries()
{
    std::string path = unpacked + "/usr/lib:" + unpacked + "/usr/lib/dovecot";
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(unpacked + "/usr/lib", none))
        if (entry.path().string().ends_with("-linux-gnu")) path += ':' + entry.path().string();
    return path;
}

}

std::string peer_file(const std::string& path)
{
    for (const auto& root : {unpacked + '/', std::string("/")})
        if (fs::exists(root + path)) return root + path;
    return "";
}

std::string peer(const std::string& program)
{
    std::string file;
    if (program.find('/') != std::string::npos)
        file = peer_file(program);
    else
        for (const auto* folder : {"usr/bin/", "usr/sbin/"})
            if (file.empty()) file = peer_file(folder + program);
    if (!file.starts_with(unpacked)) return file;
    return "env LD_LIBRARY_PATH=" + libraries() + ' ' + file;
}

}
