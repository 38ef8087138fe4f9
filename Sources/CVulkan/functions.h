// Every Vulkan function used, by the way it is looked up. `OPTIONAL` ones may be missing: their extension decides.
#pragma once

#define CVK_GLOBAL_FUNCTIONS(F)                                                                                                         \
    F(vkEnumerateInstanceExtensionProperties)                                                                                           \
    F(vkCreateInstance)

// Layers are the loader's business; a driver opened directly may not have this.
#define CVK_OPTIONAL_GLOBAL_FUNCTIONS(F) F(vkEnumerateInstanceLayerProperties)

#define CVK_INSTANCE_FUNCTIONS(F)                                                                                                       \
    F(vkDestroyInstance)                                                                                                                \
    F(vkEnumeratePhysicalDevices)                                                                                                       \
    F(vkEnumerateDeviceExtensionProperties)                                                                                             \
    F(vkGetPhysicalDeviceProperties)                                                                                                    \
    F(vkGetPhysicalDeviceProperties2)                                                                                                   \
    F(vkGetPhysicalDeviceFeatures2)                                                                                                     \
    F(vkGetPhysicalDeviceMemoryProperties2)                                                                                             \
    F(vkGetPhysicalDeviceQueueFamilyProperties)                                                                                         \
    F(vkCreateDevice)                                                                                                                   \
    F(vkGetDeviceProcAddr)

#define CVK_OPTIONAL_INSTANCE_FUNCTIONS(F)                                                                                              \
    F(vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)                                                                                \
    F(vkCreateDebugUtilsMessengerEXT)                                                                                                   \
    F(vkDestroyDebugUtilsMessengerEXT)                                                                                                  \
    F(vkSetDebugUtilsObjectNameEXT)

#define CVK_DEVICE_FUNCTIONS(F)                                                                                                         \
    F(vkDestroyDevice)                                                                                                                  \
    F(vkDeviceWaitIdle)                                                                                                                 \
    F(vkGetDeviceQueue)                                                                                                                 \
    F(vkQueueSubmit)                                                                                                                    \
    F(vkAllocateMemory)                                                                                                                 \
    F(vkFreeMemory)                                                                                                                     \
    F(vkMapMemory)                                                                                                                      \
    F(vkCreateBuffer)                                                                                                                   \
    F(vkDestroyBuffer)                                                                                                                  \
    F(vkGetBufferMemoryRequirements)                                                                                                    \
    F(vkBindBufferMemory)                                                                                                               \
    F(vkGetBufferDeviceAddress)                                                                                                         \
    F(vkCreatePipelineCache)                                                                                                            \
    F(vkDestroyPipelineCache)                                                                                                           \
    F(vkGetPipelineCacheData)                                                                                                           \
    F(vkCreateDescriptorSetLayout)                                                                                                      \
    F(vkDestroyDescriptorSetLayout)                                                                                                     \
    F(vkCreatePipelineLayout)                                                                                                           \
    F(vkDestroyPipelineLayout)                                                                                                          \
    F(vkCreateShaderModule)                                                                                                             \
    F(vkDestroyShaderModule)                                                                                                            \
    F(vkCreateComputePipelines)                                                                                                         \
    F(vkDestroyPipeline)                                                                                                                \
    F(vkCreateFence)                                                                                                                    \
    F(vkDestroyFence)                                                                                                                   \
    F(vkGetFenceStatus)                                                                                                                 \
    F(vkResetFences)                                                                                                                    \
    F(vkWaitForFences)                                                                                                                  \
    F(vkCreateCommandPool)                                                                                                              \
    F(vkDestroyCommandPool)                                                                                                             \
    F(vkAllocateCommandBuffers)                                                                                                         \
    F(vkBeginCommandBuffer)                                                                                                             \
    F(vkEndCommandBuffer)                                                                                                               \
    F(vkCreateDescriptorPool)                                                                                                           \
    F(vkDestroyDescriptorPool)                                                                                                          \
    F(vkAllocateDescriptorSets)                                                                                                         \
    F(vkUpdateDescriptorSets)                                                                                                           \
    F(vkCreateQueryPool)                                                                                                                \
    F(vkDestroyQueryPool)                                                                                                               \
    F(vkGetQueryPoolResults)                                                                                                            \
    F(vkCmdBindPipeline)                                                                                                                \
    F(vkCmdBindDescriptorSets)                                                                                                          \
    F(vkCmdPushConstants)                                                                                                               \
    F(vkCmdDispatch)                                                                                                                    \
    F(vkCmdCopyBuffer)                                                                                                                  \
    F(vkCmdFillBuffer)                                                                                                                  \
    F(vkCmdResetQueryPool)                                                                                                              \
    F(vkCmdWriteTimestamp)                                                                                                              \
    F(vkCmdPipelineBarrier)
