# cmake -DOUTPUT=a.cpp -DFILE=qmail-queue -DREADELF=readelf -P build_id.cmake: that program's build ID, as a constant for
# the programs that are to know it again.
execute_process(COMMAND ${READELF} -n ${FILE} OUTPUT_VARIABLE notes COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "Build ID: ([0-9a-f]+)" found "${notes}")
get_filename_component(name ${FILE} NAME)
string(REPLACE "-" "_" name ${name})
file(WRITE ${OUTPUT} "// Written while building.
#include \"base/sys/build_id.hpp\"
namespace grapnel {
const char id_of_${name}[] = \"${CMAKE_MATCH_1}\";
}
")
