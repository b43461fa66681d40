-- take_fenced_lock: takes the scheduler's lock if nobody holds it, with a number that grows from holder to holder.
--
-- KEYS[1]  lock (STRING): the holder's name; gone when its time is over
-- KEYS[2]  fence (STRING): the number of the latest holder
-- ARGV[1]  name of whoever takes it, unlike all others
-- ARGV[2]  ms after which the lock is free again
--
-- Reply: the holder's fencing number, from 1; 0 if somebody else holds the lock.
--
-- Cost: SET NX PX, and INCR for whoever gets it. One step, or a holder could take the lock and his number apart.

if not redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) then
  return 0
end
return redis.call("INCR", KEYS[2])
