-- enter_queue: one user enters the waiting queue of one concert; looking, joining and counting are one step.
--
-- KEYS[1]  active token of the user (HASH): it exists while the user may buy
-- KEYS[2]  waiting set (ZSET): member = user, score = order of entry
-- KEYS[3]  sequence (STRING): counter from which scores are taken if none is given
--          All three carry the concert's hash tag, so in a cluster they live in one slot.
-- ARGV[1]  user id
-- ARGV[2]  score, decimal digits; empty: take the next number of the sequence, which never ties and knows no clock skew
--
-- Reply: an array (string keys would come back as an empty one) of
--   1  status    "NEW" has just joined, "WAITING" was in the queue already, "ACTIVE" holds a token
--   2  position  1-based; 0 if active
--   3  total     users waiting
--   4  sequence  the number taken; 0 if none was. A user who was waiting already keeps his score: the number is then a gap
-- None is nil, which would cut the array short, and none has a fraction, which Redis would drop.
--
-- Cost: EXISTS, ZADD, ZRANK, ZCARD (O(log n) of the users waiting), INCR before them where the score is empty;
-- EXISTS, ZCARD for an active user. Rejected, by measurement (µs of the script's body, Redis 7.0): ZRANK before ZADD
-- spares a waiting user the ZADD (2.5 -> 1.5 to 2.1) but costs every new user one more call (3.4 -> 3.8), and new users
-- are the load; HGETALL or HLEN instead of EXISTS, ZCARD before ZADD: no difference. position = total would spare a
-- new user the ZRANK, but is wrong as soon as one score in the set is higher than the user's.

local waiting, user, score = KEYS[2], ARGV[1], ARGV[2]

if redis.call("EXISTS", KEYS[1]) == 1 then
  return { "ACTIVE", 0, redis.call("ZCARD", waiting), 0 }
end

local sequence = 0
if score == "" then
  sequence = redis.call("INCR", KEYS[3])
  -- Not tostring: it keeps 14 digits.
  score = string.format("%.0f", sequence)
end

-- NX: a user who is waiting already keeps his place.
local added = redis.call("ZADD", waiting, "NX", score, user)
local rank = redis.call("ZRANK", waiting, user)
return { added == 1 and "NEW" or "WAITING", rank + 1, redis.call("ZCARD", waiting), sequence }
