print("vkternary")
