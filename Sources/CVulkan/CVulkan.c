#include "CVulkan.h"
typedef int CVulkan_unit;
