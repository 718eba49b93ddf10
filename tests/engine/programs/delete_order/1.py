from files import File

a = File("a", "one")
