#include "CShaders.h"
typedef int CShaders_unit;
