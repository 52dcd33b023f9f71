# cmake -DOUTPUT=code_mark.cpp -DFILES=a.a,b.a -P code_mark.cmake: a number for the code in these libraries, as a
# constant for the programs that are made of them.
string(REPLACE "," ";" FILES "${FILES}")
set(all "")
foreach(file ${FILES})
    file(SHA256 ${file} sum)
    string(APPEND all ${sum})
endforeach()
string(SHA256 mark "${all}")
file(WRITE ${OUTPUT} "// Written while building.
#include \"local/own_code.hpp\"
namespace grapnel::local {
const char code_mark[] = \"grapnel qmail-local ${mark}\";
}
")
