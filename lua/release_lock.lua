-- release_lock: frees the scheduler's lock if it is still held by whoever asks.
--
-- KEYS[1]  lock (STRING): the holder's name
-- ARGV[1]  name of whoever frees it
--
-- Reply: 1 if it was his and is free now, 0 if it was not: its time was over, and somebody else may hold it.
--
-- Cost: GET, and DEL. One step: between a GET and a DEL of a client's own the lock can change hands.

if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call("DEL", KEYS[1])
